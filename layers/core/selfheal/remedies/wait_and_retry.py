"""wait_and_retry: give what was overloaded time to recover, then build, or run the stage, again."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from types import ModuleType

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, Service
from selfheal.remedies import retry_build, retry_stage
from selfheal.remedy_ports import Tools

REMEDY = Remedy(
    id="wait_and_retry",
    summary="wait, then run the same commit again, unchanged",
    causes=frozenset({Cause.REGISTRY_RATE_LIMIT, Cause.EXTERNAL_SERVICE, Cause.QUOTA}),
    risk=Risk.REPEATS,
    iam_actions=retry_build.REMEDY.iam_actions | retry_stage.REMEDY.iam_actions,
    undo=f"{retry_build.REMEDY.undo}; of a stage: {retry_stage.REMEDY.undo}",
    services=frozenset({Service.CODEBUILD, Service.CODEPIPELINE}),
    delay_seconds=60,
)


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule."""
    return str(_repeating(run).preflight(run, tools))


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    found: Plan = _repeating(run).plan(run, tools)
    return replace(found, remedy=REMEDY.id)


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule."""
    return str(_repeating(run).start(plan, run, tools, token))


def find(run: Run, tools: Tools, since: datetime) -> Iterable[str]:
    """See RemedyModule."""
    found: Iterable[str] = _repeating(run).find(run, tools, since)
    return found


def _repeating(run: Run) -> ModuleType:
    """What repeats this run: its stage, where it is one or belongs to one."""
    in_pipeline = run.pipeline or run.ref.key.service is Service.CODEPIPELINE
    return retry_stage if in_pipeline else retry_build
