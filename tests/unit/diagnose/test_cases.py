"""Logs as tools write them, in our own words: what they are, and how many nobody tuned a signature to are right."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from selfheal.diagnose.offline import diagnose_log
from selfheal.domain.diagnosis import Cause, Diagnosis

FOLDER = Path(__file__).with_name("cases")
CONFIDENT = 0.8
FEWEST_RIGHT = 0.9


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of a file: tool, cause, other causes that can be defended (alt), transient, text."""
    found: list[dict[str, Any]] = tomllib.loads((FOLDER / name).read_text("utf-8"))["case"]
    return found


OPEN, KEPT = cases("open.toml"), cases("kept.toml")


def diagnosed(case: dict[str, Any]) -> Diagnosis:
    return diagnose_log(case["text"].strip("\n"))


def right(case: dict[str, Any]) -> bool:
    return diagnosed(case).cause in {case["cause"], *case.get("alt", [])}


def test_most_of_what_nobody_tuned_to_is_right() -> None:
    assert sum(map(right, KEPT)) >= FEWEST_RIGHT * len(KEPT)


def test_no_lasting_failure_that_nobody_tuned_to_reads_as_transient() -> None:
    wrong = [case["tool"] for case in KEPT if case.get("transient") is False and diagnosed(case).transient]
    assert not wrong


def test_nothing_is_claimed_with_confidence_about_a_run_that_passed() -> None:
    passed = [case for case in KEPT if case["tool"] == "passed"]
    claims = [found.cause for found in map(diagnosed, passed) if found.cause is not Cause.UNKNOWN]
    assert passed and not claims


@pytest.mark.parametrize("case", OPEN, ids=[f"{case['tool']}-{n}" for n, case in enumerate(OPEN)])
def test_a_log_as_a_tool_writes_it_is_understood(case: dict[str, Any]) -> None:
    assert right(case), diagnosed(case).summary
    assert case.get("transient") is None or diagnosed(case).transient in (case["transient"], None)


@pytest.mark.parametrize("case", KEPT, ids=[f"{case['tool']}-{n}" for n, case in enumerate(KEPT)])
def test_a_case_names_a_known_cause(case: dict[str, Any]) -> None:
    assert {case["cause"], *case.get("alt", [])} <= set(Cause)
