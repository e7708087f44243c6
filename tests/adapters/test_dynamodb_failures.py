"""The memory of failures in the table."""

from dataclasses import replace
from datetime import timedelta

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.failures import KEPT, DynamoFailures
from selfheal.domain.experiment import Label
from selfheal.domain.run import PipelineKey
from selfheal.domain.sighting import Sighting
from selfheal.testing.builders import NOON, SHOP

TABLE = "selfheal-test"
FINGERPRINT = "0123456789abcdef"


def sighting(number: int, pipeline: PipelineKey = SHOP, fingerprint: str = FINGERPRINT) -> Sighting:
    return Sighting(f"shop:{number}", pipeline, fingerprint, "abc", NOON + timedelta(minutes=number))


def test_sightings_come_back_newest_first_and_bounded(dynamodb: Client) -> None:
    failures = DynamoFailures(dynamodb, TABLE)
    for number in (2, 1, 3):
        failures.remember(sighting(number))
    assert failures.seen(SHOP, FINGERPRINT, 2) == [sighting(3), sighting(2)]


def test_other_pipelines_and_other_failures_are_not_mixed_in(dynamodb: Client) -> None:
    failures = DynamoFailures(dynamodb, TABLE)
    failures.remember(sighting(1, PipelineKey.parse("codebuild:shop2")))
    failures.remember(sighting(2, fingerprint="fedcba9876543210"))
    assert failures.seen(SHOP, FINGERPRINT, 9) == []


def test_the_same_run_is_remembered_once_and_not_for_ever(dynamodb: Client) -> None:
    failures = DynamoFailures(dynamodb, TABLE)
    failures.remember(sighting(1))
    failures.remember(sighting(1))
    assert failures.seen(SHOP, FINGERPRINT, 9) == [sighting(1)]
    [item] = dynamodb.scan(TableName=TABLE)["Items"]
    assert int(item["expires_at"]["N"]) == int((sighting(1).started_at + KEPT).timestamp())


def test_a_label_comes_back_and_stays_when_the_run_is_noted_again(dynamodb: Client) -> None:
    failures = DynamoFailures(dynamodb, TABLE)
    failures.remember(sighting(1))
    failures.label("shop:1", Label.CACHE)
    failures.remember(sighting(1))
    assert failures.seen(SHOP, FINGERPRINT, 9) == [replace(sighting(1), label=Label.CACHE)]


def test_a_failure_that_is_forgotten_gets_no_label(dynamodb: Client) -> None:
    DynamoFailures(dynamodb, TABLE).label("shop:9", Label.REAL)
    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def test_failures_of_tests_are_listed_over_all_pipelines_newest_first(dynamodb: Client) -> None:
    failures = DynamoFailures(dynamodb, TABLE)
    other = PipelineKey.parse("codebuild:shop2")
    noted = [
        replace(sighting(n, pipeline), tests=("a::b",)) for n, pipeline in ((1, SHOP), (3, other), (2, SHOP))
    ]
    for each in [*noted, sighting(4)]:
        failures.remember(each)
    assert failures.with_tests(2) == [noted[1], noted[2]]
    assert {item["sk"]["S"] for item in dynamodb.scan(TableName=TABLE)["Items"]} == {"FAILURE", "TESTS"}
