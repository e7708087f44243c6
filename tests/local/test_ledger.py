"""The ledger of the deployed stack: written by its functions, locked, and whole; forgeries show."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.clients import client
from local.cloud import LocalCloud
from local.demo import run_demo
from local.records import Proof, local_proof
from local.scenario import load
from local.state import CloudState
from selfheal.adapters.clock import SystemClock
from selfheal.steps.verify_ledger import Verified, verify_ledger
from tests.local.conftest import ActAs

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def incident(state: CloudState, cloud: LocalCloud) -> str:
    (result,) = run_demo(state, cloud.home, [load("flaky_test")], lambda update: None)
    assert result.differences == []
    return result.incident_id


@pytest.fixture
def proof(state: CloudState) -> Proof:
    return local_proof(state)


def verified(proof: Proof) -> Verified:
    return verify_ledger(archive=proof.archive, table=proof.table, clock=SystemClock())


def flaws(proof: Proof, incident: str) -> list[tuple[int, str]]:
    return [(f.sequence, f.words) for f in verified(proof).flaws if f.incident_id == incident]


def test_what_the_deployed_functions_wrote_is_whole_and_locked(incident: str, proof: Proof) -> None:
    versions = proof.archive.versions(incident)
    kinds = list(proof.table.kept(incident).texts)
    assert len(versions) == len(kinds) >= 8
    assert all(each.locked_until for each in versions)
    assert flaws(proof, incident) == []


def test_no_function_can_delete_or_write_over_an_entry(
    incident: str, proof: Proof, state: CloudState, act_as: ActAs
) -> None:
    place = {"Bucket": state.outputs["LedgerBucketName"], "Key": f"entries/{incident}/000001.json"}
    assert act_as("ExecuteAction", "s3", "delete_object", **place) == "AccessDenied"
    assert (
        act_as("ExecuteAction", "s3", "put_object", Body="{}", IfNoneMatch="*", **place)
        == "PreconditionFailed"
    )
    assert act_as("SuggestRemedy", "s3", "get_object", **place) == "AccessDenied"
    assert flaws(proof, incident) == []


def test_not_even_root_can_delete_what_is_locked(incident: str, state: CloudState) -> None:
    s3 = client(state, "s3")
    place = {"Bucket": state.outputs["LedgerBucketName"], "Key": f"entries/{incident}/000001.json"}
    version = s3.head_object(**place)["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(**place, VersionId=version)


def test_a_forged_decision_shows_and_is_told(incident: str, proof: Proof, state: CloudState) -> None:
    dynamodb, table = client(state, "dynamodb"), state.outputs["TableName"]
    place: Any = {"pk": {"S": f"INCIDENT#{incident}"}, "sk": {"S": "ENTRY#decided"}}
    item = dynamodb.get_item(TableName=table, Key=place)["Item"]
    forged = {**item, "text": {"S": item["text"]["S"].replace('"verdict":"act"', '"verdict":"ask"')}}
    dynamodb.put_item(TableName=table, Item=forged)
    try:
        ((_, words),) = flaws(proof, incident)
    finally:
        dynamodb.put_item(TableName=table, Item=item)
    assert words == "(decided) was changed in the table: verdict 'act' became 'ask'"
    assert flaws(proof, incident) == []
