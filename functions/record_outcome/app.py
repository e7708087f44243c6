"""RecordOutcome: says what verifiably came of an incident."""

from typing import Any

from selfheal.runtime import Runtime, entry
from selfheal.steps.record_outcome import record_outcome
from selfheal.steps.state import HealState
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """The state data in; the Outcome out."""
    return encode(record_outcome(
        decode(HealState, event), incidents=runtime.incidents, ledger=runtime.ledger, runs=runtime.runs,
        breakers=runtime.breakers, approvals=runtime.approvals, experiments=runtime.experiments,
        alarm_check=runtime.alarm_check, vain=runtime.vain, earnings=runtime.earnings, clock=runtime.clock,
    ))  # fmt: skip
