"""wait_and_retry: give what was overloaded time to recover, then build again."""

from dataclasses import replace

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run
from selfheal.remedies import retry_build
from selfheal.remedy_ports import Tools

preflight, find, start = retry_build.preflight, retry_build.find, retry_build.start

REMEDY = Remedy(
    id="wait_and_retry",
    summary="wait, then build the same commit again, unchanged",
    causes=frozenset({Cause.REGISTRY_RATE_LIMIT, Cause.EXTERNAL_SERVICE, Cause.QUOTA}),
    risk=Risk.REPEATS,
    iam_actions=retry_build.REMEDY.iam_actions,
    undo=retry_build.REMEDY.undo,
    delay_seconds=60,
)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    return replace(retry_build.plan(run, tools), remedy=REMEDY.id)
