"""What proves a verdict: the first line names what failed, and does not only count."""

import tomllib
from pathlib import Path

import pytest

from selfheal.diagnose.offline import diagnose_log
from selfheal.diagnose.proof import Proof, proof, sums_up
from selfheal.diagnose.signatures import Match, parse
from selfheal.ports import LogLine

PROOFS = tomllib.loads(Path(__file__).with_name("proofs.toml").read_text("utf-8"))["proof"]
SIGNATURE = """
[[signature]]
id = "tests"
cause = "{cause}"
confidence = 0.9
priority = 50
above = '^Case (?P<test>\\w+)$'
examples = ["broken"]

[signature.patterns]
"common wording" = ['broken(?: in (?P<test2>\\w+))?']
"""


def proven(*texts: str, verdict: int = -1, cause: str = "test_failure") -> Proof:
    """Of lines that say that something is ``broken``, the verdict is the last one, or that one of them."""
    (signature,) = parse(SIGNATURE.format(cause=cause))
    log = [LogLine(number, text) for number, text in enumerate(texts, 1)]
    found = [
        Match(signature, line.number - 1, line, said.group("test2") or "")
        for line in log
        if (said := signature.regex.search(line.text))
    ]
    return proof(found[verdict], found, log)


def shown(*lines: LogLine) -> list[str]:
    return [line.text for line in lines]


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


def test_the_test_that_is_named_is_the_one_that_the_first_line_names() -> None:
    """RSpec counts its failures last: the second test's name stood beside the first one's failure."""
    rspec = next(proof["text"] for proof in PROOFS if proof["tool"] == "RSpec")
    second = "  2) Till clears\n     Failure/Error: expect(till.rows).to eq(0)\n\nFinished in"
    again = "\nrspec ./spec/till_spec.rb:8 # Till clears\n\nCommand did"
    found = diagnose_log(rspec.replace("Finished in", second).replace("\n\nCommand did", again))
    assert (found.evidence[0].text, found.test) == ("1) Cart adds up", "Cart adds up")
    assert proven("Case one", "broken", "broken in two").test == "one"


@pytest.mark.parametrize(("between", "head"), [(2, "Case one"), (3, "broken")])
def test_what_stands_close_above_names_what_failed(between: int, head: str) -> None:
    assert shown(*proven("Case one", *["so"] * between, "broken").head) == [head]


def test_the_nearest_above_does() -> None:
    assert proven("Case one", "Case two", "broken").test == "two"


@pytest.mark.parametrize(("between", "head"), [(59, "broken early"), (60, "broken late")])
def test_a_failure_far_from_the_verdict_is_not_what_it_says(between: int, head: str) -> None:
    assert proven("broken early", *["so"] * between, "broken late").said == head


def test_of_tests_that_are_named_the_verdicts_comes_first() -> None:
    assert proven("broken in one", "broken in two").said == "broken in two"
    assert proven("broken", "broken in two", "broken").said == "broken in two"


def test_the_nearest_comparisons_are_shown_and_no_others() -> None:
    values = [f"  expected: {n}" for n in range(4)]
    found = proven(values[0], *["so"] * 20, values[1], "broken", values[2], *["so"] * 4, values[3])
    assert [text for text in shown(*found.others) if text in values] == [values[1], values[2]]
    assert values[0] not in shown(*proven(values[0], *["so"] * 20, "broken").others)
    assert values[0] in shown(*proven(values[0], *["so"] * 19, "broken").others)


def test_only_tests_compare() -> None:
    assert shown(*proven("  expected: 1", "broken", cause="config_error").others) == ["broken", "broken"]


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
