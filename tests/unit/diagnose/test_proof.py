"""What proves a verdict: the first line names what failed, and does not only count."""

import tomllib
from pathlib import Path

import pytest

from selfheal.diagnose.offline import diagnose_log
from selfheal.diagnose.proof import sums_up

PROOFS = tomllib.loads(Path(__file__).with_name("proofs.toml").read_text("utf-8"))["proof"]


@pytest.mark.parametrize("proof", PROOFS, ids=[proof["tool"] for proof in PROOFS])
def test_the_first_line_of_evidence_names_what_failed(proof: dict[str, str]) -> None:
    found = diagnose_log(proof["text"].strip("\n"))
    shown = [line.text for line in found.evidence]
    assert (shown[0], found.test) == (proof["first"], proof["test"])
    assert proof["also"] in shown


@pytest.mark.parametrize("proof", PROOFS, ids=[proof["tool"] for proof in PROOFS])
def test_the_other_lines_stand_as_in_the_log(proof: dict[str, str]) -> None:
    numbers = [line.line for line in diagnose_log(proof["text"].strip("\n")).evidence[1:]]
    assert numbers == sorted(numbers)


def test_a_person_is_told_what_failed_and_not_how_many() -> None:
    rspec = next(proof["text"] for proof in PROOFS if proof["tool"] == "RSpec")
    assert diagnose_log(rspec).summary == "A test failed: 1) Cart adds up"


def test_failures_of_different_tests_have_different_fingerprints() -> None:
    cargo = next(proof["text"] for proof in PROOFS if proof["tool"] == "Cargo")
    assert (
        diagnose_log(cargo).fingerprint
        != diagnose_log(cargo.replace("tests::total", "tests::tax")).fingerprint
    )


@pytest.mark.parametrize(
    "line",
    [
        "12 examples, 1 failure",
        "Failed examples:",
        "Offenses:",
        f"{'=' * 35} FAILURES {'=' * 35}",
        "===== 1 failed, 2 passed in 0.12s =====",
        "FAILED (failures=1)",
        "[  FAILED  ] 1 test, listed below:",
        " 1 FAILED TEST",
        "The following tests FAILED:",
        "67% tests passed, 1 tests failed out of 3",
        "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        "error: test failed, to rerun pass `--lib`",
        "Passed checks: 12, Failed checks: 1, Skipped checks: 0",
        "Total: 2 (HIGH: 1, CRITICAL: 1)",
        "12 files inspected, 2 offenses detected, 1 offense autocorrectable",
        "Tests:       1 failed, 30 passed, 31 total",
        "Tests run: 14, Failures: 1, Errors: 0, Skipped: 0",
        "Found 3 errors in 2 files (checked 12 source files)",
        "FAIL",
        "FAIL\texample.org/till/cart\t0.004s",
        "2026-01-15T12:00:01.1Z 2 problems (1 error, 1 warning)",
    ],
)
def test_a_line_that_counts_or_heads_sums_up(line: str) -> None:
    assert sums_up(line)


@pytest.mark.parametrize(
    "line",
    [
        "--- FAIL: TestTotal (0.00s)",
        "E       AssertionError: assert 19 == 20",
        "FAIL src/receipt.test.ts",
        "Failure/Error: expect(cart.total).to eq(20)",
        "lib/cart.rb:14:81: C: Layout/LineLength: Line is too long. [96/80]",
        "FAILED for resource: aws_s3_bucket.till",
        "src/a.c:7:3: error: expected ';'",
        "fatal: could not read from remote repository",
        "error[E0308]: mismatched types",
    ],
)
def test_a_line_that_names_something_does_not(line: str) -> None:
    assert not sums_up(line)
