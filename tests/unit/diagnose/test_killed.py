"""Commands that were killed: for want of memory, unless a test tool had finished or somebody cleaned up."""

from typing import cast

import pytest

from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.signatures import bundled, matches
from selfheal.diagnose.verdict import best
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import Phase, Run
from selfheal.domain.score import Level, Score
from selfheal.ports import LogLine
from selfheal.ports import TestCase as FailedTest
from selfheal.testing.builders import a_run
from tests.unit.diagnose.test_verdict import FAILED_TEST, named, winner

CALM = Score(0.0, ready=True, level=Level.NONE)
CUT_SHORT = "FAIL src/receipt.test.ts"
TOTALS = "Tests:       1 failed, 30 passed, 31 total"


def failed(name: str, command: str, code: int) -> Phase:
    said = f"Error while executing command: {command}. Reason: exit status {code}"
    return Phase(name, "FAILED", 4.0, "COMMAND_EXECUTION_ERROR", said)


def a_build(code: int = 1, command: str = "make") -> Run:
    return a_run(phases=(Phase("INSTALL", "SUCCEEDED", 1.0), failed("BUILD", command, code)))


def of(run: Run, *texts: str, failures: tuple[FailedTest, ...] = ()) -> Diagnosis:
    lines = [LogLine(number, text) for number, text in enumerate(texts, 1)]
    return diagnose(run, IncidentKind.FAILED, CALM, lines, failures, Redactor())


def test_a_command_that_was_killed_ran_out_of_memory() -> None:
    found = of(a_build(137), "compiling", "still compiling")
    assert (found.cause, found.source) == (Cause.OOM, "signature:killed")
    assert found.confidence < of(a_build(), "Out of memory: Killed process 71 (cc1plus)").confidence


def test_a_kill_beside_the_output_of_tests_is_out_of_memory() -> None:
    assert of(a_build(137, "npm test"), "FAIL src/receipt.test.ts").cause is Cause.OOM


def test_what_is_killed_while_cleaning_up_is_no_cause() -> None:
    phases = (failed("BUILD", "make", 2), failed("POST_BUILD", "docker stop db", 137))
    assert of(a_run(phases=phases), "src/a.c:7:3: error: expected ';'").cause is Cause.COMPILE_ERROR


def test_a_report_of_failed_tests_shows_that_they_were_not_killed() -> None:
    test = FailedTest("test_cart.test_total", "FAILED", "AssertionError: assert 19 == 20")
    assert of(a_build(137, "./ci.sh"), failures=(test,)).cause is Cause.TEST_FAILURE


def test_a_kill_with_the_kernels_word_is_out_of_memory() -> None:
    assert of(a_build(137), "Out of memory: Killed process 71 (cc1plus)").cause is Cause.OOM


@pytest.mark.parametrize(
    "killed",
    [
        "Killed",
        "npm error code 137",
        "npm ERR! signal SIGKILL",
        "error Command failed with exit code 137.",
        'error Command failed with signal "SIGKILL".',
        " ELIFECYCLE  Command failed with exit code 137.",
        "make: *** [Makefile:9: test] Error 137",
        "make: *** [Makefile:9: test] Killed",
        "Command did not exit successfully npm test exit status 137",
        "##[error]Process completed with exit code 137.",
        "ERROR: Job failed: exit code 137",
        "Exited with code exit status 137",
        'The command "npm test" exited with 137.',
        'failed to solve: process "/bin/sh -c npm test" did not complete successfully: exit code: 137',
        "The command '/bin/sh -c npm test' returned a non-zero code: 137",
        "rake aborted!: Command failed with status (137): [bundle exec rspec]",
        "A jest worker process (pid=71) was terminated by another process: signal=SIGKILL, exitCode=null.",
        "/tmp/step.sh: line 4:   812 Killed                  npx jest",
        "Process Exit Code: 137",
        "ERROR: script returned exit code 137",
        "command terminated with exit code 137",
        "##[error]Bash exited with code '137'.",
        "lerna ERR! npm run test exited 137 in 'rates'",
        "ERROR  rates#test: command (/src/rates) npm run test exited (137)",
        "py312: exit -9 (12.31 seconds) /src> pytest pid=812",
        'test.proj(9,5): error MSB3073: The command "dotnet test" exited with code 137.',
        "Error: The command exited with status 137",
        "Container 'Build' exceeded memory limit.",
    ],
)
def test_a_test_tool_that_was_killed_ran_out_of_memory(killed: str) -> None:
    found = winner(CUT_SHORT, "RUNS src/ledger.test.ts", killed)
    assert found is not None
    assert found.signature.cause is Cause.OOM


def test_go_says_so_of_a_package_whose_tests_were_killed() -> None:
    found = winner("signal: killed", "FAIL\texample.org/till/ledger\t212.871s", "FAIL")
    assert found is not None
    assert found.signature.cause is Cause.OOM


@pytest.mark.parametrize(
    "texts",
    [
        (CUT_SHORT, "Killed", TOTALS),
        ("Killed", "--- FAIL: TestKill (0.02s)"),
        ("Killed", "--- FAIL: TestKill (0.02s)", "FAIL\texample.org/till\t0.412s"),
        ("signal: killed", "--- FAIL: TestKill (0.02s)", "FAIL\texample.org/till\t0.412s"),
        ("    kill_test.go:9: wait: signal: killed", "--- FAIL: TestKill (0.02s)"),
        (
            FAILED_TEST,
            "===== 1 failed, 30 passed in 2.10s =====",
            "./ci.sh: line 12: 871 Killed  ./follow-logs",
        ),
        (CUT_SHORT, TOTALS, "db-1 exited with code 137", "mail-1 exited with code 143"),
        (CUT_SHORT, TOTALS, "ERROR: Job failed: exit code 137"),
        (CUT_SHORT, TOTALS, "Command did not exit successfully ./ci.sh exit status 137"),
        (CUT_SHORT, "db-1 exited with code 137"),
        (
            "--- FAIL: TestTotal (0.00s)",
            "FAIL\texample.org/till\t0.004s",
            "ci.sh: line 9: 4242 Killed  ./server",
        ),
        ("//till:cart_test   FAILED in 2.1s", "ci.sh: line 9: 4242 Killed  ./server"),
        (CUT_SHORT, "  expected 'Killed' to equal 'exit code 137'"),
    ],
)
def test_a_test_tool_that_gave_its_verdict_was_not_killed(texts: tuple[str, ...]) -> None:
    found = winner(*texts)
    assert found is not None
    assert found.signature.cause is Cause.TEST_FAILURE


def test_what_is_killed_after_the_failed_command_is_no_cause() -> None:
    texts = [
        "src/app.c:1:1: error: expected expression",
        "Command did not exit successfully make exit status 2",
        "Command did not exit successfully docker stop db exit status 137",
    ]
    assert named(winner(*texts, failure=1)) == "c-compiler"


@pytest.mark.parametrize(
    "kill",
    [
        "+ kill -9 812",
        "++ kill -KILL 812",
        "+ kill -s KILL 812",
        "+ sudo pkill -SIGKILL -f mock-server",
        "$ killall -9 mock-server",
        "+ pkill -f -9 mock-server",
    ],
)
def test_what_the_build_itself_killed_was_not_short_of_memory(kill: str) -> None:
    texts = [
        "src/app.c:1:1: error: expected expression",
        kill,
        "+ wait 812",
        "+ true",
        "ci.sh: line 9:   812 Killed  ./mock-server",
    ]
    assert named(winner(*texts)) == "c-compiler"


@pytest.mark.parametrize(
    "said",
    [
        ["+ kill 812"],
        ["+ kill -0 9812"],
        ["+ ./skill -9 812"],
        ["kill -9 812 if it hangs, says the handbook"],
        ["+ kill -9 812", "+ make", "compiling", "still compiling"],
    ],
)
def test_other_kills_say_nothing_of_one(said: list[str]) -> None:
    assert named(winner(*said, "ci.sh: line 9:   812 Killed  make")) == "killed-child"


class Read:
    """A line of a log that counts how often its text is asked for."""

    number = 1

    def __init__(self, text: str) -> None:
        self._text, self.times = text, 0

    @property
    def text(self) -> str:
        self.times += 1
        return self._text


def test_many_kills_do_not_make_failed_tests_be_read_many_times() -> None:
    """A log with thousands of both would take minutes."""
    lines = [Read(f"--- FAIL: TestCart{n}") for n in range(9)] + [Read("Killed") for _ in range(50)]
    found = matches(bundled(), cast(list[LogLine], lines))
    before = lines[0].times
    best(found, len(lines) - 1)
    assert lines[0].times - before < 5


def test_a_kill_by_macos_is_no_want_of_memory() -> None:
    texts = [
        'step.sh: line 10: 7695 Killed: 9  "$artifact"',
        "##[error]Process completed with exit code 137.",
    ]
    assert winner(*texts) is None


def test_what_timeout_kills_was_out_of_time() -> None:
    found = winner(
        CUT_SHORT, "Command did not exit successfully timeout -s KILL 600 npm test exit status 137"
    )
    assert found is not None
    assert found.signature.cause is Cause.TIMEOUT
