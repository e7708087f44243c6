"""How long the deployed loop takes on the local cloud, from a failed build's end to action and to outcome.

    python tests/bench/bench_loop.py [--incidents N] [--at-once N]

Brings up the local cloud (or uses the running one), and lets N projects fail once each with a reset
connection; the retry passes. Every step is the deployed one: events, queue, functions, state machine,
IAM. Prints medians and 95th percentiles in seconds. The builds themselves take a fraction of a second,
so this is the loop's own time plus one build.
"""

import argparse
import statistics
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "layers/core")]

from local.clients import client  # noqa: E402
from local.cloud import LocalCloud  # noqa: E402
from local.developer import Developer  # noqa: E402
from local.patience import Patience  # noqa: E402
from local.records import Records, local_records  # noqa: E402
from local.repository import make_repository  # noqa: E402
from local.state import CloudState  # noqa: E402
from selfheal.domain.incident import incident_id  # noqa: E402
from selfheal.domain.ledger import LedgerKind  # noqa: E402

BUILDSPEC = """version: 0.2
phases:
  build:
    commands:
      - |
        test -e "$ONCE" && exit 0
        touch "$ONCE"
        echo "npm ERR! code ECONNRESET"
        exit 1
"""


@dataclass(frozen=True)
class Times:
    """Seconds from the end of the failed build to the action, and to the outcome."""

    action: float
    outcome: float


def heal_one(
    developer: Developer, store: Records, repository: Path, commit: str, number: int, scratch: Path
) -> Times:
    """Let one project fail once and wait for its outcome. Raises RuntimeError unless it is healed."""
    project = developer.free_name(f"demo-bench-{number}")
    developer.create_project(project, repository, {"ONCE": str(scratch / project)}, cache=False)
    patience = Patience(90, threading.Event(), "see .local/logs")
    build = developer.wait(developer.build(project, commit), patience)
    incident = incident_id(build.id)

    def entries() -> dict[LedgerKind, datetime] | None:
        found = {entry.kind: entry for entry in store.ledger.entries(incident)}
        if LedgerKind.OUTCOME not in found:
            return None
        if found[LedgerKind.OUTCOME].data["status"] != "healed":
            raise RuntimeError(f"{project}: {dict(found[LedgerKind.OUTCOME].data)}")
        return {kind: entry.at for kind, entry in found.items()}

    at = patience.until(f"the outcome of {project}", entries)
    ended = datetime.fromtimestamp(build.ended_at, UTC)
    return Times(
        action=(at[LedgerKind.ACTION_STARTED] - ended).total_seconds(),
        outcome=(at[LedgerKind.OUTCOME] - ended).total_seconds(),
    )


def heal_all(state: CloudState, scratch: Path, incidents: int, at_once: int) -> list[Times]:
    """Heal that many incidents of as many projects, all of one repository."""
    base = scratch / "scenario" / "base"
    base.mkdir(parents=True)
    (base / "buildspec.yml").write_text(BUILDSPEC)
    repository = make_repository(scratch / "scenario", scratch / "repository")
    developer = Developer(client(state, "codebuild"))
    store = local_records(state)
    with ThreadPoolExecutor(at_once) as pool:
        return list(
            pool.map(
                lambda n: heal_one(developer, store, repository.path, repository.last, n, scratch),
                range(incidents),
            )
        )


def report(name: str, seconds: list[float]) -> str:
    """One line of the table."""
    p95 = statistics.quantiles(seconds, n=20)[18]
    return f"| {name} | {statistics.median(seconds):.2f} | {p95:.2f} | {max(seconds):.2f} |"


def main() -> None:
    """Heal all and print the table."""
    parser = argparse.ArgumentParser(description="seconds from event to action and outcome")
    parser.add_argument("--incidents", type=int, default=36)
    parser.add_argument("--at-once", type=int, default=2)
    options = parser.parse_args()
    cloud = LocalCloud()
    was_running = cloud.status().running
    state = cloud.up(lambda step: print(step, file=sys.stderr))
    try:
        with tempfile.TemporaryDirectory() as scratch:
            times = heal_all(state, Path(scratch), options.incidents, options.at_once)
    finally:
        if not was_running:
            cloud.down(lambda step: None)
    print(f"{len(times)} incidents, {options.at_once} at once\n")
    print("| from the end of the failed build to | median s | p95 s | max s |\n| --- | --- | --- | --- |")
    print(report("action started", [t.action for t in times]))
    print(report("outcome recorded", [t.outcome for t in times]))


if __name__ == "__main__":
    main()
