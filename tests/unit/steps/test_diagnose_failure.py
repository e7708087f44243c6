"""diagnose_failure: gathers the evidence, writes the diagnosis down, lets no secret out."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.errors import IncidentNotFound, RequestRejected, RunNotFound
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.run import LogLocation, LogObject, RunStatus
from selfheal.ports import LogLine, TestCase
from selfheal.remedy_ports import StageAttempt
from selfheal.steps.diagnose_failure import DiagnoseRequest, diagnose_failure
from selfheal.testing.alarms import MemoryHarms
from selfheal.testing.builders import NOON, SHOP, a_measurement, a_run, an_incident
from selfheal.testing.failures import MemoryFailures
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FakeService, FixedClock
from selfheal.testing.stages import FAILED, FakeStages

INCIDENT = an_incident()


def diagnosed(
    service: FakeService,
    ledger: MemoryLedger,
    incident_id: str = INCIDENT.id,
    failures: MemoryFailures | None = None,
    runs: MemoryRuns | None = None,
    stages: FakeStages | None = None,
) -> Diagnosis:
    incidents = MemoryIncidents()
    incidents.open(INCIDENT)
    return diagnose_failure(
        DiagnoseRequest(incident_id, "shop:1", SHOP, IncidentKind.FAILED),
        incidents=incidents,
        reader=service,
        logs=service,
        runs=runs or MemoryRuns(),
        reports=service,
        stages=stages or FakeStages(),
        harms=MemoryHarms(),
        failures=failures or MemoryFailures(),
        ledger=ledger,
        clock=FixedClock(),
    )


def test_the_diagnosis_is_written_down_as_given() -> None:
    service, ledger = FakeService(), MemoryLedger()
    service.add(a_run(), "npm ERR! code ECONNRESET", "npm ERR! network request failed")
    diagnosis = diagnosed(service, ledger)
    assert diagnosis.cause is Cause.NETWORK and diagnosis.transient is True
    [entry] = ledger.written
    assert entry.kind is LedgerKind.DIAGNOSED and entry.data["cause"] == "network"


def test_a_pipeline_s_build_is_told_with_its_stage() -> None:
    service, stages = FakeService(), FakeStages()
    service.add(a_run(initiator="codepipeline/shop"), "npm ERR! code ECONNRESET")
    assert diagnosed(service, MemoryLedger(), stages=stages).stage == ""
    stages.builds["shop:1"] = StageAttempt("shop", "Prod", FAILED, 1)
    diagnosis = diagnosed(service, MemoryLedger(), stages=stages)
    assert (diagnosis.pipeline, diagnosis.stage) == ("shop", "Prod")


def test_a_pipeline_that_is_gone_hinders_no_diagnosis() -> None:
    class Gone(FakeStages):
        def of_build(self, pipeline: str, build_id: str) -> StageAttempt | None:
            raise RunNotFound(f"{pipeline} is gone")

    service = FakeService()
    service.add(a_run(initiator="codepipeline/shop"), "npm ERR! code ECONNRESET")
    assert diagnosed(service, MemoryLedger(), stages=Gone()).cause is Cause.NETWORK


def test_of_a_build_that_no_pipeline_started_codepipeline_is_not_asked() -> None:
    service, stages = FakeService(), FakeStages(pipeline="")
    stages.builds["shop:1"] = StageAttempt("shop", "Prod", FAILED, 1)
    service.add(a_run(initiator="developer"), "npm ERR! code ECONNRESET")
    assert diagnosed(service, MemoryLedger(), stages=stages).stage == ""


def test_the_builds_own_secrets_do_not_come_out() -> None:
    service, ledger = FakeService(), MemoryLedger()
    secret = "correct-horse-battery"
    service.add(
        a_run(secrets=(secret,)), f"connecting with {secret}", f"fatal: ECONNRESET while sending {secret}"
    )
    diagnosis = diagnosed(service, ledger)
    assert diagnosis.evidence, "the failing line itself is the evidence"
    assert secret not in json.dumps([dict(entry.data) for entry in ledger.written])


def test_a_failing_test_is_evidence() -> None:
    service, ledger = FakeService(), MemoryLedger()
    service.add(a_run(report_arns=("arn:report",)), "1 failed")
    service.cases = [TestCase("tests.test_total::test_sum", "FAILED", "assert 3 == 4")]
    diagnosis = diagnosed(service, ledger)
    assert diagnosis.cause is Cause.TEST_FAILURE and diagnosis.transient is False
    assert any("assert 3 == 4" in line.text for line in diagnosis.evidence)


@pytest.mark.parametrize("log", [None, "gone"])
def test_without_a_log_the_services_own_facts_are_what_there_is(log: str | None) -> None:
    service, ledger = FakeService(), MemoryLedger()
    service.add(a_run(log=None) if log is None else a_run())
    diagnosis = diagnosed(service, ledger)
    assert diagnosis.cause is Cause.UNKNOWN and diagnosis.transient is not True


def test_a_build_that_is_gone_and_an_incident_that_never_was_are_clear_errors() -> None:
    with pytest.raises(RunNotFound, match="shop:1"):
        diagnosed(FakeService(), MemoryLedger())
    with pytest.raises(IncidentNotFound, match="no incident"):
        diagnosed(FakeService(), MemoryLedger(), "feedfeedfeedfeed")


def test_a_log_that_may_not_be_read_is_said_and_the_services_facts_are_used() -> None:
    class Forbidden(FakeService):
        def lines(self, place: LogLocation | LogObject) -> Iterator[LogLine]:
            raise RequestRejected("logs:GetLogEvents: AccessDeniedException")
            yield  # the real one comes while iterating, too

    service, ledger = Forbidden(), MemoryLedger()
    service.add(a_run(status=RunStatus.TIMED_OUT))
    diagnosis = diagnosed(service, ledger)
    assert diagnosis.cause is Cause.TIMEOUT
    assert "BuildLogGroups" in diagnosis.evidence[-1].text


def test_a_failure_is_remembered_and_what_became_of_it_informs_the_next() -> None:
    service, ledger, failures, runs = FakeService(), MemoryLedger(), MemoryFailures(), MemoryRuns()
    log = ("tests/test_cart.py:12: AssertionError", "FAILED tests/test_cart.py::test_total - assert 3 == 4")
    found = []
    for hour, commit in enumerate("ab"):
        started = NOON - timedelta(hours=9 - hour)
        service.add(a_run(source_version=commit, started_at=started), *log)
        found.append(diagnosed(service, ledger, failures=failures, runs=runs))
        again = a_measurement(
            f"again:{hour}", source_version=commit, started_at=started + timedelta(minutes=5)
        )
        runs.save(again)
        failures.noted = {f"shop:{hour}-{run_id}": each for run_id, each in failures.noted.items()}
    assert [each.cause for each in found] == [Cause.TEST_FAILURE, Cause.FLAKY_TEST]
    assert found[0].fingerprint == found[1].fingerprint
    assert "another attempt passed on 1 of the 1" in found[1].evidence[-1].text


def test_an_incident_diagnosed_twice_does_not_learn_from_itself() -> None:
    service, failures, runs = FakeService(), MemoryFailures(), MemoryRuns()
    service.add(a_run(), "FAILED tests/test_cart.py::test_total - assert 3 == 4")
    runs.save(a_measurement("again:1", started_at=NOON + timedelta(minutes=2)))
    once, twice = (diagnosed(service, MemoryLedger(), failures=failures, runs=runs) for _ in range(2))
    assert once == twice
    assert len(failures.noted) == 1


def test_why_a_log_may_not_be_read_is_redacted_too() -> None:
    secret = "correct-horse-battery"

    class Refuses(FakeService):
        def lines(self, place: LogLocation | LogObject) -> Iterator[LogLine]:
            raise RequestRejected(f"logs:GetLogEvents: denied to {secret}")

    service = Refuses()
    service.add(a_run(secrets=(secret,)))
    [line] = [line for line in diagnosed(service, MemoryLedger()).evidence if "BuildLogGroups" in line.text]
    assert secret not in line.text
