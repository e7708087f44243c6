from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfheal import ports
from selfheal.adapters.dynamodb import DynamoRuns, DynamoWaiters
from selfheal.domain.errors import RequestRejected, RunNotFound, Throttled
from selfheal.domain.run import PipelineKey, Service
from selfheal.domain.score import Blame, Level, Score
from selfheal.testing.builders import NOON, SHOP, a_measurement
from selfheal.testing.service import FixedClock

TABLE = "selfheal-test"
Scripted = Callable[[str], tuple[Any, Stubber]]


def test_a_saved_run_comes_back_to_the_last_bit(dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    measurement = a_measurement(duration_seconds=0.1 + 0.2, cpu_percent=1e-9, missing=("memory_percent",))
    assert runs.save(measurement) == ports.StoredRun(measurement, announced=False)
    assert runs.get("shop:1") == ports.StoredRun(measurement, announced=False)
    assert runs.get("shop:2") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    seconds=st.floats(0, allow_infinity=False),
    percent=st.none() | st.floats(0, 100),
    text=st.text(max_size=20),
)
def test_any_numbers_survive_the_table(dynamodb: Any, seconds: float, percent: float, text: str) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    run_id = f"shop:{seconds!r}/{percent!r}/{text}"
    measurement = a_measurement(run_id, duration_seconds=seconds, cpu_percent=percent, initiator=text)
    runs.save(measurement)
    stored = runs.get(run_id)
    assert stored is not None
    assert stored.measurement == measurement


def test_the_first_of_two_saves_stays_and_both_are_told_so(dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    first = a_measurement(cpu_percent=None, missing=("cpu_percent",))
    runs.save(first)
    assert runs.save(a_measurement(cpu_percent=50.0)).measurement == first
    assert [run.measurement.cpu_percent for run in runs.history(SHOP, NOON + timedelta(days=1), 9)] == [None]


def test_a_score_is_kept_with_its_run(dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    runs.save(a_measurement())
    blame = Blame("phase:BUILD", 220.0, 40.0, 5.5)
    score = Score(31.7, True, Level.HEAL, (blame,), "forest", 0.0004, shift=True, model="m1")
    runs.keep_score("shop:1", score)
    assert [run.score for run in runs.history(SHOP, NOON + timedelta(days=1), 9)] == [score]
    with pytest.raises(RunNotFound, match="shop:2"):
        runs.keep_score("shop:2", score)


def test_announcing_is_remembered_also_by_a_later_save(dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    runs.save(a_measurement())
    runs.mark_announced("shop:1")
    runs.mark_announced("shop:1")
    assert runs.save(a_measurement()).announced is True
    with pytest.raises(RunNotFound, match="shop:2"):
        runs.mark_announced("shop:2")
    assert runs.get("shop:2") is None


def test_whether_an_incident_was_a_real_one_is_remembered_with_its_run(dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    runs.save(a_measurement())
    runs.mark_announced("shop:1")
    for confirmed in (True, True, False):
        runs.mark_confirmed("shop:1", confirmed)
        assert runs.get("shop:1") == ports.StoredRun(a_measurement(), announced=True, confirmed=confirmed)
        assert [run.confirmed for run in runs.history(SHOP, NOON + timedelta(days=1), 9)] == [confirmed]
    with pytest.raises(RunNotFound, match="shop:2"):
        runs.mark_confirmed("shop:2", True)


def test_a_window_is_the_newest_runs_before_a_moment_of_one_pipeline(dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    other = PipelineKey(Service.CODEBUILD, "shop-api")
    for minute in (3, 0, 10, 1, 2):
        runs.save(a_measurement(f"shop:{minute}", started_at=NOON + timedelta(minutes=minute)))
        runs.save(a_measurement(f"shop-api:{minute}", pipeline=other))
    before = NOON + timedelta(minutes=3)
    assert [run.measurement.run_id for run in runs.history(SHOP, before, 10)] == [
        "shop:2",
        "shop:1",
        "shop:0",
    ]
    assert [run.measurement.run_id for run in runs.history(SHOP, before, 2)] == ["shop:2", "shop:1"]
    assert runs.history(SHOP, NOON, 10) == []


def test_no_more_is_read_than_a_window_holds(dynamodb: Any) -> None:
    """A query without a limit reads up to 1 MB, and all of that is paid for, however little is wanted."""
    runs = DynamoRuns(dynamodb, TABLE)
    for minute in range(9):
        runs.save(a_measurement(f"shop:{minute}", started_at=NOON + timedelta(minutes=minute)))
    scanned: list[int] = []
    dynamodb.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: scanned.append(parsed["ScannedCount"])
    )
    assert len(runs.history(SHOP, NOON + timedelta(days=1), 4)) == 4
    assert scanned == [4]


def test_a_window_is_in_order_of_time_to_the_microsecond(dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    moments = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(milliseconds=500)]
    for moment in moments:
        runs.save(a_measurement(f"shop:{moment.isoformat()}", started_at=moment))
    window = runs.history(SHOP, NOON + timedelta(seconds=1), 10)
    assert [run.measurement.started_at for run in window] == moments[::-1]


def test_runs_expire_after_400_days(dynamodb: Any) -> None:
    DynamoRuns(dynamodb, TABLE).save(a_measurement())
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert int(item["expires_at"]["N"]) == int((NOON + timedelta(days=400)).timestamp())


def test_known_tells_the_stored_from_the_lost_in_any_number(dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, TABLE)
    names = [f"shop:{n}" for n in range(130)]
    for name in names[::2]:
        runs.save(a_measurement(name))
    assert set(runs.known([*names, names[0]])) == set(names[::2])
    assert runs.known(names[:1]) == {"shop:0": ports.StoredRun(a_measurement("shop:0"), announced=False)}
    assert runs.known([]) == {}


def a_read(dynamodb: Any, stubber: Stubber, found: list[str], unread: list[str]) -> None:
    items = []
    for name in found:
        DynamoRuns(dynamodb, TABLE).save(a_measurement(name))
        items.append(
            dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": f"RUN#{name}"}, "sk": {"S": "RUN"}})["Item"]
        )
    keys = [{"pk": {"S": f"RUN#{name}"}, "sk": {"S": "RUN"}} for name in unread]
    unprocessed = {TABLE: {"Keys": keys}} if keys else {}
    reply = {"Responses": {TABLE: items}, "UnprocessedKeys": unprocessed}
    stubber.add_response("batch_get_item", reply)


def test_keys_the_table_left_unread_are_asked_for_again(dynamodb: Any, scripted: Scripted) -> None:
    client, stubber = scripted("dynamodb")
    a_read(dynamodb, stubber, ["a"], ["b"])
    a_read(dynamodb, stubber, ["b"], [])
    assert set(DynamoRuns(client, TABLE).known(["a", "b"])) == {"a", "b"}


def test_a_table_that_reads_nothing_is_busy(dynamodb: Any, scripted: Scripted) -> None:
    client, stubber = scripted("dynamodb")
    a_read(dynamodb, stubber, [], ["a"])
    with pytest.raises(Throttled):
        DynamoRuns(client, TABLE).known(["a"])


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ProvisionedThroughputExceededException", Throttled), ("AccessDeniedException", RequestRejected)],
)
def test_a_refused_write_is_never_taken_for_a_stored_one(scripted: Scripted, code: str, kind: Any) -> None:
    client, stubber = scripted("dynamodb")
    stubber.add_client_error("put_item", code)
    with pytest.raises(kind, match="dynamodb:PutItem"):
        DynamoRuns(client, TABLE).save(a_measurement())


def test_every_waiter_is_kept_once_and_forgotten_after_two_days(dynamodb: Any) -> None:
    clock = FixedClock()
    waiters = DynamoWaiters(dynamodb, TABLE, clock)
    for token in ("first", "second", "first"):
        waiters.add("shop:2", token)
    waiters.add("shop:3", "other")
    assert sorted(waiters.of("shop:2")) == ["first", "second"]
    assert waiters.of("shop:4") == []
    assert waiters.end_of("shop:2") == ""
    waiters.note_end("shop:2", "FAILED")
    assert waiters.end_of("shop:2") == "FAILED" and len(waiters.of("shop:2")) == 2
    expiry = {int(item["expires_at"]["N"]) for item in dynamodb.scan(TableName=TABLE)["Items"]}
    assert expiry == {int((clock.now() + timedelta(days=2)).timestamp())}
