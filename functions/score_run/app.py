"""ScoreRun: compares a measured run with its pipeline's baseline and opens its incident if it has earned one."""

from typing import Any

from selfheal.metrics import score_metrics
from selfheal.runtime import Runtime, entry
from selfheal.steps.score_run import RunMeasured, score_run
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """A "Run Measured" event in; the score out."""
    scored = score_run(
        decode(RunMeasured, event.get("detail")), runs=runtime.runs, standings=runtime.standings,
        detector=runtime.detector, actions=runtime.actions, incidents=runtime.incidents, ledger=runtime.ledger,
        bus=runtime.bus, clock=runtime.clock, actor=runtime.actor,
    )  # fmt: skip
    score_metrics(scored, runtime.pipeline_metrics)
    return encode(scored.score)
