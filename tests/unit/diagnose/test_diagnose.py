"""Diagnosis: order of trust, evidence, fingerprints, and what stays unknown."""

from dataclasses import replace

import pytest

from selfheal.diagnose.diagnose import MAX_EVIDENCE, MAX_EVIDENCE_CHARS, diagnose
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import Cause, Diagnosis, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import Phase, PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.domain.score import Blame, Level, Score
from selfheal.ports import LogLine
from selfheal.ports import TestCase as FailedTest
from selfheal.testing.builders import a_run

CALM = Score(0.0, ready=True, level=Level.NONE)
SAID = "Error while executing command: {}. Reason: exit status {}"


def a_build(code: int = 1, command: str = "make") -> Run:
    phase = Phase("BUILD", "FAILED", 4.0, "COMMAND_EXECUTION_ERROR", SAID.format(command, code))
    return a_run(phases=(Phase("INSTALL", "SUCCEEDED", 1.0), phase))


def of(
    run: Run, *texts: str, failures: tuple[FailedTest, ...] = (), known: tuple[str, ...] = ()
) -> Diagnosis:
    lines = [LogLine(number, text) for number, text in enumerate(texts, 1)]
    return diagnose(run, IncidentKind.FAILED, CALM, lines, failures, Redactor(known))


def other(service: Service, *phases: Phase, status: RunStatus = RunStatus.FAILED) -> Run:
    return a_run(ref=RunRef(PipelineKey(service, "shop/live"), "x"), phases=phases, status=status)


def test_a_time_limit_is_the_services_word() -> None:
    found = of(a_run(status=RunStatus.TIMED_OUT, phases=(Phase("BUILD", "TIMED_OUT", 60.0),)), "ENOSPC")
    assert (found.cause, found.transient, found.source) == (Cause.TIMEOUT, None, "service")


def test_time_spent_in_the_queue_is_a_quota() -> None:
    found = of(a_run(status=RunStatus.TIMED_OUT, phases=(Phase("QUEUED", "TIMED_OUT", 60.0),)))
    assert (found.cause, found.transient) == (Cause.QUOTA, True)


def test_a_fault_of_the_service_is_an_infrastructure_flake() -> None:
    found = of(
        a_run(status=RunStatus.FAULT, phases=(Phase("PROVISIONING", "FAULT", 1.0),)), "src/a.c:1:1: error: x"
    )
    assert (found.cause, found.transient, found.source) == (Cause.INFRA_FLAKE, True, "service")


def test_a_bad_buildspec_is_the_services_word() -> None:
    phase = Phase("DOWNLOAD_SOURCE", "FAILED", 1.0, "YAML_FILE_ERROR", "mapping expected at line 3")
    found = of(a_run(phases=(phase,)), "Connection reset by peer")
    assert (found.cause, found.transient, found.source) == (Cause.CONFIG_ERROR, False, "service")
    assert found.evidence[0].line == 0
    assert "mapping expected at line 3" in found.evidence[0].text


def test_ex_tempfail_asks_for_another_attempt_whatever_the_log_says() -> None:
    found = of(a_build(75), "AssertionError: 1 != 2")
    assert (found.cause, found.transient, found.source) == (Cause.INFRA_FLAKE, True, "service")
    assert found.confidence >= 0.9


def test_ex_tempfail_over_a_poisoned_cache_names_the_suspect() -> None:
    found = of(a_build(75), "sha256 of cached file deps.tar does not match the lock file")
    assert found.suspect is Suspect.CACHE


def test_a_missing_command_is_configuration() -> None:
    assert of(a_build(127, "terrafrom plan"), "/bin/sh: 1: terrafrom: not found").cause is Cause.CONFIG_ERROR


@pytest.mark.parametrize(
    ("service", "code", "cause", "transient"),
    [
        (Service.CODEPIPELINE, "ConfigurationError", Cause.CONFIG_ERROR, False),
        (Service.CODEPIPELINE, "PermissionError", Cause.AUTH_PERMISSION, False),
        (Service.CODEPIPELINE, "SystemUnavailable", Cause.INFRA_FLAKE, True),
        (Service.CODEDEPLOY, "HEALTH_CONSTRAINTS", Cause.DEPLOY_FAILURE, False),
        (Service.CODEDEPLOY, "REVISION_MISSING", Cause.SOURCE_ERROR, False),
        (Service.CODEDEPLOY, "NO_INSTANCES", Cause.CONFIG_ERROR, False),
        (Service.CODEDEPLOY, "THROTTLED", Cause.QUOTA, True),
    ],
)
def test_codes_of_pipelines_and_deployments(
    service: Service, code: str, cause: Cause, transient: bool
) -> None:
    found = of(other(service, Phase("Live", "Failed", 3.0, code, "as the service says")))
    assert (found.cause, found.transient, found.source) == (cause, transient, "service")


def test_a_deployment_stopped_by_its_alarm_is_a_failed_deployment() -> None:
    phase = Phase("Deployment", "Stopped", 3.0, "ALARM_ACTIVE", "an alarm is active")
    assert of(other(Service.CODEDEPLOY, phase, status=RunStatus.STOPPED)).cause is Cause.DEPLOY_FAILURE


def test_a_stopped_build_was_cancelled() -> None:
    found = of(a_run(status=RunStatus.STOPPED, phases=(Phase("BUILD", "STOPPED", 1.0),)))
    assert (found.cause, found.transient) == (Cause.CANCELLED, False)


def test_a_failed_job_of_a_stage_is_looked_into() -> None:
    phase = Phase("Build", "Failed", 3.0, "JobFailed", "toomanyrequests: Rate exceeded")
    found = of(other(Service.CODEPIPELINE, phase))
    assert (found.cause, found.source) == (Cause.REGISTRY_RATE_LIMIT, "signature:registry-rate-limit")


def test_a_signature_in_the_log_explains_an_ordinary_exit() -> None:
    found = of(a_build(), "building", "src/a.c:7:3: error: expected ';'", "make: *** [all] Error 1")
    assert (found.cause, found.transient) == (Cause.COMPILE_ERROR, False)
    assert found.summary == "The code does not compile in BUILD: src/a.c:7:3: error: expected ';'"
    assert any((line.line, line.text) == (2, "src/a.c:7:3: error: expected ';'") for line in found.evidence)


def test_a_genuine_assertion_in_a_report_is_not_retried() -> None:
    test = FailedTest("test_cart.test_total", "FAILED", "AssertionError: assert 19 == 20")
    found = of(a_build(command="pytest"), "1 failed, 8 passed", failures=(test,))
    assert (found.cause, found.transient, found.test) == (Cause.TEST_FAILURE, False, "test_cart.test_total")
    assert found.evidence[0].line == 0
    assert "assert 19 == 20" in found.evidence[0].text


def test_a_report_of_timing_alone_is_a_flake() -> None:
    test = FailedTest("test_queue.test_drain", "FAILED", "AssertionError: took 1.93 s, limit 1.50 s")
    found = of(a_build(command="pytest"), failures=(test,))
    assert (found.cause, found.transient, found.source) == (Cause.FLAKY_TEST, True, "signature:test-timing")


def test_of_a_report_the_name_may_speak_of_time_and_the_message_may_not() -> None:
    plain = FailedTest("test_cart.test_total", "FAILED", "expected time 3, sleep 4 and a lock")
    assert of(a_build(), failures=(plain,)).cause is Cause.TEST_FAILURE
    timed = FailedTest("test_pool.test_worker_shutdown", "FAILED", "expected 3, was 4")
    found = of(a_build(), failures=(timed,))
    assert (found.cause, found.source, found.confidence) == (
        Cause.FLAKY_TEST,
        "signature:test-name-hint",
        0.55,
    )


def test_one_genuine_failure_beside_a_flake_decides() -> None:
    tests = (FailedTest("a", "ERROR", "Address already in use"), FailedTest("b", "FAILED", "assert 1 == 2"))
    assert of(a_build(), failures=tests).cause is Cause.TEST_FAILURE


def test_a_full_disk_outranks_the_tests_it_broke() -> None:
    test = FailedTest("a", "FAILED", "assert 1 == 2")
    assert of(a_build(), "OSError: No space left on device", failures=(test,)).cause is Cause.DISK_FULL


def test_a_failed_assertion_in_the_log_is_not_retried() -> None:
    found = of(
        a_build(), "E       assert 19 == 20", "FAILED tests/test_cart.py::test_total - assert 19 == 20"
    )
    assert (found.cause, found.transient, found.test) == (
        Cause.TEST_FAILURE,
        False,
        "tests/test_cart.py::test_total",
    )


def test_a_marked_flake_in_the_log_may_be_retried() -> None:
    found = of(a_build(), "tests/test_q.py::test_drain RERUN", "FAILED tests/test_q.py::test_drain - timeout")
    assert (found.cause, found.transient) == (Cause.FLAKY_TEST, True)


def test_poor_evidence_stays_unknown() -> None:
    found = of(a_build(), "step one", "step two")
    assert (found.cause, found.transient, found.source) == (Cause.UNKNOWN, None, "none")
    assert found.confidence < 0.5
    assert found.evidence


def test_a_time_stamp_alone_is_no_evidence() -> None:
    found = of(a_build(), "2026-01-15T12:00:01.1Z step one", "2026-01-15T12:00:02.1Z ")
    assert [line.text for line in found.evidence if line.line] == ["2026-01-15T12:00:01.1Z step one"]


def test_lines_that_were_folded_away_are_no_evidence() -> None:
    found = of(a_build(), *(f"waiting {n}" for n in range(20)))
    assert [line.text for line in found.evidence if line.line] == ["waiting 0", "waiting 19"]


def test_no_evidence_at_all_stays_unknown() -> None:
    found = of(a_run(phases=()))
    assert (found.cause, found.evidence, found.summary) == (
        Cause.UNKNOWN,
        (),
        "The evidence does not show why",
    )


def test_the_odd_metric_is_certain_and_its_cause_is_not() -> None:
    score = Score(9.1, ready=True, level=Level.HEAL, blame=(Blame("phase:BUILD", 41.0, 10.0, 4.1),))
    found = diagnose(a_run(status=RunStatus.SUCCEEDED), IncidentKind.ANOMALOUS, score, [], [], Redactor())
    assert found.summary == "BUILD phase took 41 s, 4.1x its median of 10 s"
    assert (found.cause, found.transient, found.source, found.confidence) == (
        Cause.UNKNOWN,
        None,
        "score",
        1.0,
    )
    assert [line.line for line in found.evidence] == [0]


def test_the_whole_run_and_no_blame_have_words_too() -> None:
    whole = Score(5.0, True, Level.HEAL, (Blame("duration", 1234.0, 100.0, 12.34),))
    found = diagnose(a_run(), IncidentKind.ANOMALOUS, whole, [], [], Redactor())
    assert found.summary == "The whole run took 1234 s, 12x its median of 100 s"
    found = diagnose(a_run(), IncidentKind.ANOMALOUS, replace(whole, shift=True), [], [], Redactor())
    assert found.summary == (
        "A new level, not a single odd run: the whole run took 1234 s, 12x its median of 100 s"
    )
    found = diagnose(a_run(), IncidentKind.ANOMALOUS, Score(5.0, True, Level.HEAL), [], [], Redactor())
    assert found.summary == "The run as a whole is unlike its baseline (score 5)"


def test_equal_failures_have_equal_fingerprints() -> None:
    first = of(a_build(), "2026-01-15T12:00:01Z open /tmp/a8f3/x.lock: No space left on device (pid 4711)")
    again = of(
        a_build(), "noise", "2026-02-20T08:10:59Z open /tmp/77be/x.lock: No space left on device (pid 12)"
    )
    different = of(a_build(), "write /var/lib/db: No space left on device")
    assert first.fingerprint == again.fingerprint != different.fingerprint


def test_fingerprints_tell_tests_apart() -> None:
    one = of(a_build(), "FAILED tests/test_a.py::test_x - assert 1 == 2")
    two = of(a_build(), "FAILED tests/test_a.py::test_y - assert 1 == 2")
    assert one.fingerprint != two.fingerprint


def test_evidence_is_bounded_and_from_the_redacted_log() -> None:
    texts = [f"src/a{n}.c:{n}:1: error: {'very ' * 80}wrong s3cr3t-value" for n in range(1, 40)]
    found = of(a_build(), *texts, known=("s3cr3t-value",))
    redacted = [Redactor(("s3cr3t-value",)).redact(text) for text in texts]
    assert 0 < len(found.evidence) <= MAX_EVIDENCE
    for line in found.evidence:
        assert len(line.text) <= MAX_EVIDENCE_CHARS
        assert redacted[line.line - 1].startswith(line.text)


@pytest.mark.parametrize("where", ["log", "phase", "fact", "test"])
@pytest.mark.parametrize("swallower", ["", "\x1b[", "\x9b ", "\x1b[0"])
def test_no_secret_leaves(where: str, swallower: str) -> None:
    secret = "correct-horse-battery"
    said = f"deploy {swallower}{secret}"
    code = "ACCESS_DENIED" if where == "fact" else "COMMAND_EXECUTION_ERROR"
    phase = Phase("BUILD", "FAILED", 1.0, code, said if where in ("phase", "fact") else "x")
    log = (f"fatal error: {said} No space left on device",) if where == "log" else ()
    tests = (FailedTest(f"t[{said}]", "FAILED", f"assert {said} == 1"),) if where == "test" else ()
    found = of(a_run(phases=(phase,)), *log, failures=tests, known=(secret,))
    assert "horse-battery" not in repr(found)
    assert "[redacted:known-value#" in repr(found)


def test_a_name_and_its_value_on_two_lines_of_a_message_are_seen_together() -> None:
    phase = Phase("Live", "Failed", 3.0, "ConfigurationError", "password:\nhorse")
    assert "horse" not in repr(of(other(Service.CODEPIPELINE, phase)))


def test_a_key_block_torn_by_reduction_does_not_leave() -> None:
    """The key is longer than what reduction keeps, so that its first line is gone when its last are left."""
    letters = "abcdefghij"
    body = [
        f"bodyofthekey{letters[n // 100 % 10]}{letters[n // 10 % 10]}{letters[n % 10]}" * 6
        for n in range(1000)
    ]
    key = ["-----BEGIN PRIVATE KEY-----", *body, *body, "-----END PRIVATE KEY-----"]
    found = of(a_build(), "signing", *key, "bye")
    assert any("bye" in line.text for line in found.evidence)
    assert "bodyofthekey" not in repr(found)


def test_a_heading_is_evidence_but_not_what_a_person_is_told_first() -> None:
    heading, said = "===== FAILURES =====", "E       assert 11 == 12"
    found = of(a_build(command="pytest"), heading, said, "===== 1 failed, 2 passed in 0.12s =====")
    assert found.cause is Cause.TEST_FAILURE
    assert said in found.summary and "FAILURES" not in found.summary
    assert heading in [line.text for line in found.evidence]
