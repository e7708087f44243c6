"""The handlers that serve and train the global model, driven by their sample events with in-memory ports."""

from datetime import timedelta

import pytest

from selfheal import runtime as runtime_module
from selfheal.detect.hosted import dump_hosted
from selfheal.detect.model import dump, embedded_model
from selfheal.domain.errors import InvalidEvent, ServiceUnavailable
from selfheal.domain.run import RunStatus
from selfheal.runtime import Runtime
from selfheal.settings import Settings
from selfheal.testing.actions import MemoryActions
from selfheal.testing.builders import NOON, a_measurement
from selfheal.testing.hosting import MemoryEndpoint, MemoryPackages, MemoryPipeline
from selfheal.testing.memory import MemoryBus, MemoryIncidents, MemoryLake, MemoryLedger, MemoryRuns
from selfheal.testing.models import (
    MemoryDrift,
    MemoryForest,
    MemoryModelLedger,
    MemoryModels,
    a_hosted_model,
    a_model,
    a_record,
)
from selfheal.testing.service import FixedClock
from selfheal.testing.standings import MemoryStandings
from tests.unit.steps.forests import good, registered
from tests.unit.test_functions import RUN, SHOP_API, invoke, sample


@pytest.fixture
def models() -> MemoryModels:
    return MemoryModels()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, models: MemoryModels) -> FixedClock:
    """The clock of a runtime whose every port is in memory."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Selfheal")
    environment = {"SELFHEAL_ACTOR": "x", "SELFHEAL_ALERT_BUDGET": "5", "SELFHEAL_ANOMALY_MIN_SECONDS": "10"}
    environment["SELFHEAL_PIPELINE_METRICS"] = "all"
    world, clock = Runtime(Settings(environment)), FixedClock()
    vars(world).update(
        clock=clock,
        models=models,
        lake_reader=MemoryLake(),
        model_ledger=MemoryModelLedger(),
        drift=MemoryDrift(),
        runs=MemoryRuns(),
        actions=MemoryActions(),
        incidents=MemoryIncidents(),
        ledger=MemoryLedger(),
        bus=MemoryBus(),
        standings=MemoryStandings(),
    )
    world.runs.save(a_measurement(RUN.run_id, RunStatus.FAILED, pipeline=SHOP_API))
    monkeypatch.setattr(runtime_module, "runtime", world)
    return clock


def serve(models: MemoryModels, version: str, artifact: bytes) -> None:
    models.put(a_record(version), artifact)
    models.switch(models.champion().promoted(version))


def test_a_score_says_which_model_served_and_a_champion_that_cannot_is_warned_of(
    clock: FixedClock, models: MemoryModels, caplog: pytest.LogCaptureFixture
) -> None:
    serve(models, "m1", dump(a_model("m1")))
    assert invoke("score_run", sample("score_run"))["model"] == "m1"
    serve(models, "m2", b"damaged")
    clock.advance(300)
    assert invoke("score_run", sample("score_run"))["model"] == embedded_model().version
    [warned] = [vars(record) for record in caplog.records if record.levelname == "WARNING"]
    assert warned["message"] == "the champion does not serve"
    assert warned["reason"].startswith("m2: ")


def test_a_score_says_that_the_endpoint_served_and_goes_on_without_it(
    clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    world = runtime_module.runtime
    hosted, forest = MemoryModels(), MemoryForest(1.0)
    serve(hosted, "h1", dump_hosted(a_hosted_model("h1")))
    vars(world).update(hosted_models=hosted, hosted_forest=forest)
    world.settings = Settings({**world.settings.environment, "SELFHEAL_ENDPOINT": "shop-forest"})
    for n in range(30):
        world.runs.save(
            a_measurement(f"shop-api:{n}", pipeline=SHOP_API, started_at=NOON - timedelta(days=1))
        )
    score = invoke("score_run", sample("score_run"))
    assert (score["detector"], score["model"]) == ("endpoint", "h1")
    forest.error = ServiceUnavailable("sagemaker:InvokeEndpoint: ReadTimeoutError")
    score = invoke("score_run", sample("score_run"))
    assert (score["detector"], score["model"]) == ("forest", embedded_model().version)
    [warned] = [vars(record) for record in caplog.records if record.levelname == "WARNING"]
    assert warned["reason"] == "the endpoint does not serve: sagemaker:InvokeEndpoint: ReadTimeoutError"


def test_train_baselines_says_why_it_trained_nothing(clock: FixedClock) -> None:
    training = invoke("train_baselines", sample("train_baselines"))
    assert (training["result"], training["champion"]) == ("skipped", "embedded")
    assert training["reason"].startswith("0 runs have")
    assert invoke("train_baselines", {"reason": "drift-check"})["result"] == "steady"


@pytest.mark.parametrize("event", [{"reason": "for fun"}, {}, {"reason": "schedule", "more": 1}, []])
def test_train_baselines_refuses_what_it_was_not_asked(clock: FixedClock, event: object) -> None:
    with pytest.raises(InvalidEvent):
        invoke("train_baselines", event)


def test_promote_model_says_what_became_of_the_endpoint(clock: FixedClock) -> None:
    world = runtime_module.runtime
    hosted, packages, endpoint = MemoryModels(), MemoryPackages(), MemoryEndpoint()
    arn = sample("promote_model")["detail"]["ModelPackageArn"]
    packages.add(arn, registered("h1", good), group="selfheal-forest")
    vars(world).update(
        hosted_models=hosted,
        hosted_forest=MemoryForest(),
        packages=packages,
        endpoint=endpoint,
        pipeline=MemoryPipeline(),
    )
    settings = {"SELFHEAL_PACKAGE_GROUP": "selfheal-forest", "SELFHEAL_ALERT_BUDGET": "20"}
    world.settings = Settings({**world.settings.environment, **settings})
    assert invoke("promote_model", sample("promote_model"))["result"] == "promoted"
    endpoint.arrive()
    assert invoke("promote_model", sample("forest_endpoint"))["reason"] == "the endpoint serves it"
    assert hosted.champion().version == "h1"
    failed = invoke("promote_model", sample("training_failed"))
    assert (failed["result"], failed["reason"]) == ("refused", "the service does not say why")
