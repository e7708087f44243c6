"""watch_deployment under any order of events: nothing lost, nothing doubled, nothing blamed that was not baking."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.harm import AlarmState
from selfheal.domain.incident import harm_incident_id
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus
from selfheal.testing.builders import NOON
from selfheal.testing.service import FixedClock
from tests.unit.steps.test_watch_deployment import BAKE, PROD, World, deployed, minutes

NAMES = ["shop-5xx", "shop-latency", "shop-queue"]
# Deployments of one minute; ``ago`` is how many minutes before d-2's the end of each lies.
runs = st.lists(
    st.builds(
        deployed,
        st.sampled_from([f"d-{n}" for n in range(6)]),
        st.integers(-90, 90),
        st.sampled_from([RunStatus.SUCCEEDED, RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.SUPERSEDED]),
        rolls_back=st.booleans(),
    ),
    unique_by=lambda run: run.run_id,
    max_size=6,
)
rings = st.dictionaries(st.sampled_from(NAMES), st.integers(-100, 100), min_size=1)


def late() -> World:
    """A world that looks back on everything that happens in these tests."""
    return World(clock=FixedClock(NOON + timedelta(days=1)))


@given(runs=runs, rings=rings, data=st.data())
def test_once_all_runs_are_known_every_order_of_alarms_ends_the_same(
    runs: list[Measurement], rings: dict[str, int], data: st.DataObject
) -> None:
    orders = [NAMES, data.draw(st.lists(st.sampled_from(NAMES), min_size=1)) + NAMES]
    ends = []
    for order in orders:
        world = late()
        for run in runs:
            world.runs.save(run)
        for name, minute in rings.items():
            world.alarms.ring(name, minutes(minute))
        for name in order:
            world.look(name)
        ends.append((set(world.incidents.stored), world.harms.noted))
    assert ends[0] == ends[1]


@given(runs=runs, rings=rings, data=st.data())
def test_however_events_come_each_incident_is_one_of_a_good_deployment_that_was_baking(
    runs: list[Measurement], rings: dict[str, int], data: st.DataObject
) -> None:
    world = late()
    for name, minute in rings.items():
        world.alarms.ring(name, minutes(minute))
    known = {run.run_id: run for run in runs}
    for name in data.draw(st.permutations(2 * [*known, *rings])):
        if name in known:
            world.runs.save(known[name])
        world.look(PROD if name in known else name)
    opened = Counter(entry.incident_id for entry in world.ledger.written if entry.kind is LedgerKind.OPENED)
    assert opened == Counter(list(world.incidents.stored))
    assert len(world.bus.published) == len(opened)
    for incident in world.incidents.stored.values():
        run = known[incident.run.run_id]
        assert run.status is RunStatus.SUCCEEDED and not run.rolls_back
        harms = world.harms.of_incident(incident.id)
        assert harms and all(harm.alarm.state is AlarmState.ALARM for harm in harms)
        assert all(run.started_at <= harm.alarm.since <= run.ended_at + BAKE for harm in harms)


@given(runs=runs, minute=st.integers(-100, 100))
def test_a_deployment_to_blame_is_never_missed(runs: list[Measurement], minute: int) -> None:
    world = late()
    world.alarms.ring("shop-5xx", since=minutes(minute))
    for run in runs:
        world.runs.save(run)
        world.look(PROD)
    baking = [
        run
        for run in runs
        if run.status is not RunStatus.SUPERSEDED and run.started_at <= minutes(minute) <= run.ended_at + BAKE
    ]
    latest = max(baking, key=lambda run: (run.ended_at, run.run_id), default=None)
    if latest and latest.status is RunStatus.SUCCEEDED and not latest.rolls_back:
        assert harm_incident_id(latest.run_id) in world.incidents.stored
    elif not baking:
        assert not world.incidents.stored
