"""Development stream: real durations and step times of public CI systems, as CodeBuild would have measured them.

A pipeline here is a workflow, whatever started it: a CodeBuild project with filters for pull requests and for the main
branch. Its runs have two or three modes, for some deploy and some do not. With ``by_trigger=True`` each trigger has
a pipeline of its own, as with one CodeBuild project for each; that is the easier stream.

The duration is ``jobs_span_s``. Runs without one, and runs beyond CodeBuild's limit of 36 hours (they waited for a
person's approval) are left out. All times are whole seconds. The series has no tests, CPU or memory, and steps for
the last builds only: a phase of a second or two jumps by half for no reason.
"""

import csv
import gzip
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.bench.streams.steps import Step, phases
from tests.bench.streams.stream import RunDict, in_time_order

LONGEST_SECONDS = 36 * 3600
FEWEST_RUNS = 100
STATUS = {"success": "SUCCEEDED", "failure": "FAILED", "startup_failure": "FAILED", "cancelled": "STOPPED"}
TRIGGER = {"pull_request": "pr", "push": "push"}


def data_folder() -> Path:
    """Where the real series are: SELFHEAL_DATA or ../shared/data beside the project."""
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    return Path(os.environ.get("SELFHEAL_DATA", beside))


def available() -> bool:
    """Whether the real series are at hand."""
    return (data_folder() / "runs" / "gha_builds.csv.gz").exists()


def development(by_trigger: bool = False, failures: bool = True) -> list[RunDict]:
    """The real runs in global time order; ``failures=False`` leaves out those that failed or were stopped.

    Pipelines with fewer than 100 runs are left out: nothing of them would be scored.
    """
    steps = _steps()
    runs: dict[str, list[RunDict]] = defaultdict(list)
    for row in _rows("gha_builds.csv.gz"):
        if _measured(row) and (failures or row["outcome"] == "success"):
            run = _run(row, by_trigger, steps.get(row["build_id"], []))
            runs[run["pipeline"]].append(run)
    return in_time_order([run for each in runs.values() if len(each) >= FEWEST_RUNS for run in each])


def _rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(data_folder() / "runs" / name, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _measured(row: dict[str, str]) -> bool:
    seconds = float(row["jobs_span_s"] or 0)
    return row["outcome"] in STATUS and row["event"] in TRIGGER and 0 < seconds <= LONGEST_SECONDS


def _run(row: dict[str, str], by_trigger: bool, steps: list[Step]) -> RunDict:
    run: RunDict = {
        "pipeline": _pipeline(row, by_trigger),
        "run_id": row["build_id"],
        "started_at": row["start_time"],
        "status": STATUS[row["outcome"]],
        "duration_s": float(row["jobs_span_s"]),
    }
    if found := phases(steps):
        run["phases"] = found
    return run


def _pipeline(row: dict[str, str], by_trigger: bool) -> str:
    parts = [row["project"].partition("/")[2], row["workflow_name"]]
    if by_trigger:
        parts.append(TRIGGER[row["event"]])
    return "codebuild:" + re.sub(r"[^A-Za-z0-9]+", "-", "-".join(parts)).strip("-")


def _steps() -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = defaultdict(list)
    for row in _rows("gha_steps.csv.gz"):
        seconds = float(row["step_duration_s"] or 0)
        found[row["build_id"]].append(Step(row["job"], row["step"], row["step_conclusion"], seconds))
    return found
