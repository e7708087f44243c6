"""What the processing jobs call: `python training.pyz prepare ...` or `evaluate ...`.

A refusal ends the job with exit code 1 and its reason where SageMaker looks for it (/opt/ml/output/message), so that
the job's ExitMessage says it.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from selfheal.domain.errors import SelfhealError
from selfheal.jobs.evaluate import Question, evaluate
from selfheal.jobs.prepare import Preparation, prepare

LONGEST_MESSAGE = 1000
# Elsewhere only where the containers are simulated.
ROOT = Path(os.environ.get("SELFHEAL_ML_ROOT", "/opt/ml"))
LEAST_BUDGET, MOST_BUDGET = 0.1, 100.0


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The exit code. ``root`` is the folder in which SageMaker lays everything out."""
    processing, message = root / "processing", root / "output" / "message"
    asked = parser().parse_args(arguments)
    inputs, out = processing / "input", processing / "output"
    try:
        if asked.job == "prepare":
            found = prepare(
                Preparation(
                    inputs / "lake",
                    out,
                    asked.until,
                    asked.days,
                    asked.min_seconds,
                    asked.budget,
                    scratch=out.parent,
                )
            )
        else:
            found = evaluate(_question(inputs, out, asked))
    except SelfhealError as error:
        message.parent.mkdir(parents=True, exist_ok=True)
        message.write_text(str(error)[:LONGEST_MESSAGE])
        print(f"refused: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


def _question(inputs: Path, out: Path, asked: argparse.Namespace) -> Question:
    return Question(
        rows=inputs / "rows" / "rows.ndjson",
        scores=inputs / "scores" / "vectors.csv.out",
        quality=inputs / "report" / "quality.json",
        out=out,
        until=asked.until,
        budget=asked.budget,
    )


def parser() -> argparse.ArgumentParser:
    """How the jobs are called."""
    whole = argparse.ArgumentParser(prog="training")
    jobs = whole.add_subparsers(dest="job", required=True)
    for job in (jobs.add_parser("prepare"), jobs.add_parser("evaluate")):
        job.add_argument("--until", type=moment_of, required=True)
        job.add_argument("--budget", type=budget_of, required=True)
    jobs.choices["prepare"].add_argument("--days", type=int, required=True)
    jobs.choices["prepare"].add_argument("--min-seconds", type=float, required=True)
    return whole


def budget_of(text: str) -> float:
    """False alarms per 1,000 runs, within the limits of the stack's AlertBudget. Raises ValueError."""
    budget = float(text)
    if not LEAST_BUDGET <= budget <= MOST_BUDGET:
        raise ValueError(f"must be from {LEAST_BUDGET:g} to {MOST_BUDGET:g}")
    return budget


def moment_of(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
