"""From the lake to a score by the endpoint; SageMaker is simulated (local/sagemaker), everything of ours is real."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from local.sagemaker.proof import BUCKET, STACK, Proof, proof
from selfheal.adapters.sagemaker import Format
from selfheal.detect.detector import Detector
from selfheal.detect.features import FEATURES
from selfheal.detect.model import embedded_model
from selfheal.domain.errors import RequestRejected
from selfheal.domain.hosting import EndpointStatus
from selfheal.domain.model import EMBEDDED, Result
from selfheal.steps.serve_hosted import HostedServer
from selfheal.testing.models import MemoryModelLedger
from selfheal.testing.service import FixedClock
from tests.unit.jobs.lakes import BUDGET, UNTIL, runs

# One trained world, and tests that go on where others stopped.
VECTOR = [[1.0] * len(FEATURES)]


@pytest.fixture(scope="module")
def trained() -> Iterator[Proof]:
    """A lake of few runs, and a pipeline that went through."""
    with proof(Budget=str(BUDGET)) as world:
        world.fill(list(runs()))
        execution = world.train(UNTIL)
        assert execution.failure == "", execution.steps
        yield world


def test_the_pipeline_goes_through_every_step_and_registers_a_forest(trained: Proof) -> None:
    (execution,) = trained.executor.executions.values()
    assert [step["StepName"] for step in execution.steps] == [
        "PrepareData",
        "TrainForest",
        "Model",
        "ScoreSets",
        "Evaluate",
        "IsGoodEnough",
        "Forest",
    ]
    (package,) = trained.hosting.packages.values()
    uri = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    key = uri.removeprefix(f"s3://{BUCKET}/")
    found = json.loads(trained.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    assert found["figures"]["runs"] > 200 and found["spare_alarms"] >= 0 and found["precision_gain"] >= 0


def test_a_registered_forest_is_promoted_hosted_and_scores(trained: Proof) -> None:
    ledger, clock = MemoryModelLedger(), FixedClock()
    promoter = trained.promoter(ledger, clock, BUDGET)
    done = trained.consider(promoter)
    assert done.result is Result.PROMOTED and done.champion == EMBEDDED, done.reason
    told: list[str] = []
    server = HostedServer(trained.models, trained.forest(), clock, told.append)
    assert server.current() is None and "on its way" in told[0]
    with pytest.raises(RequestRejected):
        trained.forest().scores(VECTOR)
    settled = trained.arrive(promoter)
    assert settled.reason == "the endpoint serves it"
    assert trained.endpoint.state().status is EndpointStatus.SERVES
    clock.advance(60)
    hosted = server.current()
    assert hosted and hosted.model.version == done.version

    history = [run for run in runs() if run.pipeline.name == "p1"][::-1]
    slow = replace(history[0], run_id="slow", started_at=UNTIL, duration_seconds=3000.0)
    score = Detector(embedded_model(), hosted=hosted).score(slow, history)
    assert (score.detector, score.model, score.level.value) == ("endpoint", done.version, "heal")
    assert score.blame[0].metric == "duration"
    ordinary = replace(history[0], run_id="ordinary", started_at=UNTIL)
    assert Detector(embedded_model(), hosted=hosted).score(ordinary, history).level.value == "none"

    both = [trained.forest(form).scores([*VECTOR, [0.0] * len(FEATURES)]) for form in Format]
    assert both[0] == both[1] and both[0][0] > both[0][1]


def test_a_forest_that_comes_again_is_held_against_the_one_that_serves(trained: Proof) -> None:
    """Runs after the one that promotes: the endpoint is the opponent, an alarm sends the update back."""
    ledger, clock = MemoryModelLedger(), FixedClock()
    promoter = trained.promoter(ledger, clock, BUDGET)
    before = trained.models.champion().version
    assert before != EMBEDDED
    execution = trained.train(UNTIL + timedelta(hours=1))
    assert execution.failure == "", execution.steps
    done = trained.consider(promoter)
    assert done.result is Result.PROMOTED and done.champion == before and done.version != before
    assert done.champion_figures == done.figures
    trained.hosting.send_back(f"{STACK}-forest", "alarm errors is in ALARM")
    clock.advance(60)
    settled = promoter.settle()
    assert settled.result is Result.REFUSED and "alarm errors" in settled.reason
    assert trained.models.champion().version == before
    assert [entry.event.value for entry in ledger.written] == ["promoted", "refused"]


def test_a_lake_that_is_refused_fails_the_execution_and_says_why(trained: Proof) -> None:
    """Long after the last run the lake holds nothing of the days that are asked for."""
    execution = trained.train(UNTIL + timedelta(days=400))
    assert execution.status == "Failed"
    why = trained.pipeline.why_failed(execution.arn)
    assert why.startswith("PrepareData: AlgorithmError: exit code 1. the lake holds no run of these days")


def test_a_vector_of_another_length_is_the_models_error(trained: Proof) -> None:
    with pytest.raises(RequestRejected, match="ModelError"):
        trained.forest().scores([[1.0, 2.0]])


def test_a_request_that_the_service_would_not_take_is_refused(trained: Proof) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="Could not find endpoint"):
        trained.sagemaker.describe_endpoint(EndpointName="absent")
    with pytest.raises(ClientError, match="does not exist"):
        trained.sagemaker.start_pipeline_execution(PipelineName="other", ClientRequestToken="x" * 32)
    with pytest.raises(ClientError, match="not simulated"):
        trained.sagemaker.list_endpoints()
