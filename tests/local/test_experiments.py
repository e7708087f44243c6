"""What healed builds of the deployed stack teach: labels wherever they are kept, and the register of flaky tests."""

import json

import pytest

from local.clients import client
from local.cloud import LocalCloud
from local.demo import run_demo
from local.records import Records
from local.scenario import load
from local.state import CloudState
from selfheal.adapters.clock import SystemClock
from selfheal.adapters.dynamodb.tracks import DynamoTracks
from selfheal.domain.autonomy import Subject
from selfheal.domain.diagnosis import Cause
from selfheal.domain.experiment import Label
from selfheal.domain.flaky import flaky_tests
from selfheal.domain.ledger import LedgerKind

pytestmark = pytest.mark.local


@pytest.mark.parametrize(
    ("scenario", "label"), [("flaky_test", Label.FLAKE), ("poisoned_cache", Label.CACHE)]
)
def test_a_build_that_another_attempt_healed_is_labelled_wherever_that_is_learned_from(
    state: CloudState, cloud: LocalCloud, stored: Records, scenario: str, label: Label
) -> None:
    (result,) = run_demo(state, cloud.home, [load(scenario)], lambda update: None)
    assert result.differences == []
    incident = stored.incidents.get(result.incident_id)
    outcome = stored.ledger.entry(incident.id, LedgerKind.OUTCOME)
    diagnosed = stored.ledger.entry(incident.id, LedgerKind.DIAGNOSED)
    assert outcome is not None and diagnosed is not None
    assert outcome.data["label"] == label
    sightings = stored.failures.seen(incident.run.key, str(diagnosed.data["fingerprint"]), 9)
    assert label in {each.label for each in sightings}
    day = incident.opened_at.date().isoformat()
    body = client(state, "s3").get_object(
        Bucket=state.outputs["LakeBucketName"], Key=f"labels/dt={day}/{incident.id}.json"
    )["Body"]
    assert json.loads(body.read())["label"] == label


def test_the_flaky_test_is_in_the_register_and_its_remedy_has_a_track_record(
    state: CloudState, cloud: LocalCloud, stored: Records
) -> None:
    (result,) = run_demo(state, cloud.home, [load("flaky_test")], lambda update: None)
    run = stored.incidents.get(result.incident_id).run
    failures = [each for each in stored.failures.with_tests(99) if each.pipeline == run.key]
    history = [each.measurement for each in stored.runs.history(run.key, SystemClock().now(), 99)]
    (found,) = flaky_tests(failures, {run.key: history})
    assert (found.failed, found.passed) == (1, 1)
    tracks = DynamoTracks(
        client(state, "dynamodb"), state.outputs["TableName"], state.outputs["ControlTableName"]
    )
    track = tracks.track(Subject(run.key, Cause.FLAKY_TEST, "retry_build"))
    assert [(trial.incident_id, trial.outcome) for trial in track.trials] == [(result.incident_id, "healed")]
