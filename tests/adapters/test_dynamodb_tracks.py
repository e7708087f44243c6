"""Track records in the tables: outcomes in one, people's clearances in the one that no function may write."""

from datetime import timedelta
from typing import Any

import boto3
import pytest

from selfheal.adapters.dynamodb.tracks import COUNTED, DynamoTracks
from selfheal.domain.action import OutcomeStatus
from selfheal.domain.autonomy import Clearance, Subject, Track, Trial
from selfheal.domain.diagnosis import Cause
from selfheal.testing.builders import NOON, SHOP
from tests.adapters.conftest import TABLE

CONTROL = "selfheal-test-control"
SUBJECT = Subject(SHOP, Cause.FLAKY_TEST, "retry_build")
OTHER = Subject(SHOP, Cause.FLAKY_TEST, "retry_build_clean")


def a_trial(number: int, outcome: OutcomeStatus = OutcomeStatus.HEALED) -> Trial:
    return Trial(f"i{number}", NOON + timedelta(seconds=number), outcome)


@pytest.fixture
def tracks(dynamodb: Any) -> DynamoTracks:
    boto3.client("dynamodb").create_table(
        TableName=CONTROL,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return DynamoTracks(dynamodb, TABLE, CONTROL)


def test_trials_come_back_newest_first_and_once_each(tracks: DynamoTracks) -> None:
    for number in (2, 1, 3, 3):
        tracks.note(SUBJECT, a_trial(number))
    tracks.note(OTHER, a_trial(4))
    assert tracks.track(SUBJECT) == Track(SUBJECT, (a_trial(3), a_trial(2), a_trial(1)))


def test_only_so_many_are_counted(tracks: DynamoTracks) -> None:
    for number in range(COUNTED + 5):
        tracks.note(SUBJECT, a_trial(number))
    found = tracks.track(SUBJECT).trials
    assert (len(found), found[0], found[-1]) == (COUNTED, a_trial(COUNTED + 4), a_trial(5))


def test_a_clearance_holds_is_kept_and_lies_where_no_function_writes(
    tracks: DynamoTracks, dynamodb: Any
) -> None:
    tracks.note(SUBJECT, a_trial(1, OutcomeStatus.WORSE))
    first, second = Clearance("ann", NOON), Clearance("bob", NOON + timedelta(hours=1), "mended")
    tracks.clear(SUBJECT, second)
    tracks.clear(SUBJECT, first)
    assert tracks.track(SUBJECT).cleared == second
    assert tracks.track(OTHER).cleared is None
    kept = [item["sk"]["S"] for item in dynamodb.scan(TableName=CONTROL)["Items"]]
    assert len(kept) == 3 and kept.count("CLEARED") == 1
    assert {item["sk"]["S"][:6] for item in dynamodb.scan(TableName=TABLE)["Items"]} == {"TRIAL#"}


def test_all_subjects_are_listed_newest_first(tracks: DynamoTracks) -> None:
    for number, subject in ((1, SUBJECT), (3, OTHER), (2, SUBJECT)):
        tracks.note(subject, a_trial(number))
    assert tracks.recent(2) == [(OTHER, a_trial(3)), (SUBJECT, a_trial(2))]


def test_harm_is_kept_until_a_person_forgets_it_and_the_rest_expires(
    tracks: DynamoTracks, dynamodb: Any
) -> None:
    for number, outcome in enumerate((OutcomeStatus.WORSE, OutcomeStatus.HEALED, OutcomeStatus.NOT_HEALED)):
        tracks.note(SUBJECT, a_trial(number, outcome))
    items = dynamodb.scan(TableName=TABLE)["Items"]
    expiring = {item["sk"]["S"][-2:]: int(item["expires_at"]["N"]) for item in items if "expires_at" in item}
    kept_until = {f"i{n}": int((a_trial(n).at + timedelta(days=400)).timestamp()) for n in (1, 2)}
    assert expiring == kept_until
