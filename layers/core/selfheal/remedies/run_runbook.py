"""run_runbook: start the automation document that the policy rule names (Systems Manager StartAutomationExecution)."""

from collections.abc import Iterator
from datetime import datetime

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import ActionRefused
from selfheal.domain.incident import IncidentKind
from selfheal.domain.policy import RUN_RUNBOOK
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, Service
from selfheal.remedies.stages import key_around
from selfheal.remedy_ports import Tools

REMEDY = Remedy(
    id=RUN_RUNBOOK,
    summary="start the runbook that the policy names",
    causes=frozenset(Cause),
    risk=Risk.REPLACES,  # it may do whatever its author and its role permit
    iam_actions=frozenset({"ssm:StartAutomationExecution", "codepipeline:ListActionExecutions"}),
    undo="whatever the runbook's author says; while it runs: aws ssm stop-automation-execution",
    services=frozenset(Service),
    kinds=frozenset({IncidentKind.FAILED, IncidentKind.HARMFUL}),
    needs_transient=False,
    awaits=False,
    only_by_name=True,
)


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule. Whether the document exists and takes the parameters, Systems Manager says."""
    del run
    return "" if tools.case.runbook else "no policy rule names a runbook"


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule. The parameters name the incident and its run, as the service names it; nothing that a log or
    a model wrote is among them. Of a build inside a pipeline the stage's protection and freezes hold."""
    if not tools.case.runbook:
        raise ActionRefused("no policy rule names a runbook")
    parameters = {
        "Incident": tools.case.incident_id,
        "Pipeline": str(run.ref.key),
        "Run": run.ref.run_id,
        "Commit": run.source_version,
        "Cause": tools.case.cause,
    }
    given = {name: value for name, value in parameters.items() if value}
    return Plan(REMEDY.id, tools.case.runbook, run.source_version, given, key_around(run, tools))


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule. A token starts one execution at most: Systems Manager says that it cannot be used again.

    Whether the same request then gives the same execution or is refused, it does not say.
    """
    del run
    return tools.runbooks.start(plan.target, plan.parameters, token)


def find(run: Run, tools: Tools, since: datetime) -> Iterator[str]:
    """See RemedyModule. Starting it again with its token finds it."""
    del run, tools, since
    return iter(())
