"""Incidents lost or doubled when events are lost, doubled and late, and functions die.

    python tests/bench/bench_delivery.py [--runs N] [--seeds N]

Plays weeks of builds and deployments through the real steps on stores in memory. CodeBuild forgets idempotency
tokens at once. Prints, for each week, how many events reached a function and what was lost, doubled or done twice;
the exit code is 1 unless all of that is 0.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "layers/core")]

from tests.bench.delivery import Weather, Week  # noqa: E402

HEAD = ("seed", "runs", "events", "of services", "lost on the way", "attempts that died", "incidents")
WRONG = ("incidents lost", "incidents doubled", "actions missing", "actions doubled")


def main() -> int:
    """Print one line per week."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    print("| " + " | ".join(HEAD + WRONG) + " |")
    print("|" + " --- |" * len(HEAD + WRONG))
    wrong = 0
    for seed in range(arguments.seeds):
        week = Week(arguments.runs, Weather(), seed)
        week.play()
        events, services = sum(week.deliveries.values()), week.deliveries["run"] + week.deliveries["alarm"]
        told = (seed, arguments.runs, events, services, week.lost, week.deaths, len(week.incidents.stored))
        wrong += sum(week.wrong())
        print("| " + " | ".join(f"{value:,}" for value in (*told, *week.wrong())) + " |", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
