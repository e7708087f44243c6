"""notify: touch nothing, tell a person. The state machine's Notify state does the telling for every incident."""

from collections.abc import Iterator
from datetime import datetime

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.incident import IncidentKind
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, Service
from selfheal.remedy_ports import Tools

REMEDY = Remedy(
    id="notify",
    summary="change nothing and tell a person what happened and why",
    causes=frozenset(Cause),
    risk=Risk.NONE,
    iam_actions=frozenset(),
    undo="none needed",
    services=frozenset(Service),
    kinds=frozenset(IncidentKind),
    needs_transient=False,
    awaits=False,
)


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule. There is nothing that could forbid telling."""
    del run, tools
    return ""


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    del tools
    return Plan(REMEDY.id, run.ref.run_id)


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule. Starts no run."""
    del plan, run, tools, token
    return ""


def find(run: Run, tools: Tools, since: datetime) -> Iterator[str]:
    """See RemedyModule. Nothing can be lost."""
    del run, tools, since
    return iter(())
