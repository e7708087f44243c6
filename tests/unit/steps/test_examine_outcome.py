"""examine_outcome: how the run that an action started failed, redacted, and remembered like any failure."""

from dataclasses import replace
from typing import Any

import pytest

from selfheal.domain.experiment import Again
from selfheal.domain.run import Phase, PipelineKey, RunRef, RunStatus
from selfheal.ports import TestCase
from selfheal.steps.examine_outcome import ExamineRequest, examine_outcome
from selfheal.steps.examine_run import Examiner
from selfheal.testing.builders import COMMIT, SHOP, a_measurement, a_run, an_incident
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.memory import MemoryIncidents, MemoryRuns
from selfheal.testing.service import FakeService

LOG = ("npm ERR! code ECONNRESET", "npm ERR! network request failed")


def examined(
    service: FakeService,
    runs: MemoryRuns,
    failures: MemoryFailures,
    status: str = "FAILED",
    run_id: str = "shop:2",
) -> Again:
    examiner = Examiner(service, service, runs, service, failures)
    incidents = MemoryIncidents()
    incidents.open(an_incident())
    request = ExamineRequest(an_incident().id, run_id, status, "retry_build")
    return examine_outcome(request, examiner=examiner, incidents=incidents)


def a_failed_attempt(**changes: Any) -> tuple[FakeService, MemoryRuns, MemoryFailures]:
    service, runs = FakeService(), MemoryRuns()
    service.add(replace(a_run("shop:2"), **changes), *LOG)
    runs.save(a_measurement("shop:2", RunStatus.FAILED))
    return service, runs, MemoryFailures()


def test_a_failed_attempt_is_explained_and_remembered() -> None:
    service, runs, failures = a_failed_attempt()
    again = examined(service, runs, failures)
    assert (again.cause, again.phase) == ("network", "BUILD")
    assert again.summary and again.fingerprint
    (sighting,) = failures.seen(SHOP, again.fingerprint, 9)
    assert (sighting.run_id, sighting.source_version) == ("shop:2", COMMIT)


def test_the_tests_that_failed_again_are_remembered_once_each() -> None:
    service, runs, failures = a_failed_attempt(report_arns=("arn:report",))
    service.cases += [TestCase("a::b", "FAILED", "assert 1 == 2")] * 2
    examined(service, runs, failures)
    (sighting,) = failures.with_tests(9)
    assert sighting.tests == ("a::b",)


def test_what_it_says_is_redacted() -> None:
    secret = "correct-horse-battery"
    service, runs, failures = a_failed_attempt(secrets=(secret,))
    service.cases += [TestCase(f"t::{secret}", "FAILED", "no")]
    service.runs["shop:2"] = replace(service.runs["shop:2"], report_arns=("arn:report",))
    assert secret not in repr((examined(service, runs, failures), failures.noted))


@pytest.mark.parametrize("status", ["SUCCEEDED", "STOPPED", "UNKNOWN", "SUPERSEDED", ""])
def test_a_run_that_did_not_fail_says_nothing(status: str) -> None:
    service, runs, failures = a_failed_attempt()
    assert examined(service, runs, failures, status) == Again()
    assert failures.noted == {}


def test_a_run_that_nobody_knows_says_nothing() -> None:
    service, runs, failures = a_failed_attempt()
    assert examined(service, runs, failures, run_id="shop:9") == Again()
    service.runs.clear()
    assert examined(service, runs, failures) == Again()


def test_the_deployment_in_a_stage_speaks_for_it_unless_nobody_here_knows_it() -> None:
    stage, prod = PipelineKey.parse("codepipeline:shop/Deploy"), PipelineKey.parse("codedeploy:shop/prod")
    service, runs, failures = a_failed_attempt()
    service.add(a_run(ref=RunRef(prod, "d-2"), phases=(Phase("Deployment", "Failed", 9.0, "ALARM_ACTIVE"),)))
    service.add(a_run(ref=RunRef(stage, "shop/Deploy/e/2"), phases=(Phase("Ship", "Failed", 9.0),), log=None))
    runs.save(a_measurement("shop/Deploy/e/2", RunStatus.FAILED, pipeline=stage, covered_by="d-2"))
    assert examined(service, runs, failures, run_id="shop/Deploy/e/2").phase == "Ship"
    runs.save(a_measurement("d-2", RunStatus.FAILED, pipeline=prod))
    again = examined(service, runs, failures, run_id="shop/Deploy/e/2")
    assert (again.phase, again.cause) == ("Deployment", "deploy_failure")


def test_the_build_in_a_stage_speaks_for_it() -> None:
    service, runs, failures = a_failed_attempt()
    stage = PipelineKey.parse("codepipeline:shop/Build")
    runs.save(a_measurement("shop/Build/e/2", RunStatus.FAILED, pipeline=stage, covered_by="shop:2"))
    again = examined(service, runs, failures, run_id="shop/Build/e/2")
    assert again.fingerprint == examined(service, runs, failures).fingerprint != ""
