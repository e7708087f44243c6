"""roll_back_deployment: deploy again what last went well (StopDeployment with rollback, or CreateDeployment)."""

from collections.abc import Iterator
from datetime import datetime

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import ActionRefused, ServiceUnavailable
from selfheal.domain.incident import IncidentKind
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, Service
from selfheal.remedies.builds import untagged
from selfheal.remedy_ports import DeploymentDetails, GoodDeployment, Tools

REMEDY = Remedy(
    id="roll_back_deployment",
    summary="deploy again the last revision that was deployed well",
    causes=frozenset({Cause.DEPLOY_FAILURE}),
    risk=Risk.REPLACES,
    iam_actions=frozenset(
        {
            "codedeploy:GetDeployment",
            "codedeploy:GetDeploymentGroup",
            "codedeploy:ListTagsForResource",
            "codedeploy:ListDeployments",
            "codedeploy:BatchGetDeployments",
            "codedeploy:StopDeployment",
            "codedeploy:CreateDeployment",
            # CreateDeployment is refused to callers who may not also read its configuration and name its revision.
            "codedeploy:GetDeploymentConfig",
            "codedeploy:GetApplicationRevision",
            "codedeploy:RegisterApplicationRevision",
        }
    ),
    undo="deploy the newer revision again: aws deploy create-deployment",
    services=frozenset({Service.CODEDEPLOY}),
    kinds=frozenset({IncidentKind.FAILED, IncidentKind.HARMFUL}),
    needs_transient=False,
    made_for=frozenset({Cause.DEPLOY_FAILURE}),
)

STOP, DEPLOY = "stop", "deploy"
CANDIDATES = 10


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule."""
    try:
        plan(run, tools)
    except ActionRefused as refusal:
        return str(refusal)
    return ""


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    group, deployment = run.ref.key.name, run.ref.run_id
    details = tools.deployments.details(group, deployment)
    _check(group, deployment, details)
    good = _last_good(group, deployment, details, tools)
    how = STOP if details.running else DEPLOY
    return Plan(REMEDY.id, group, good.revision, {"from": deployment, "to": good.id, "how": how})


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule. CodeDeploy takes no token: the description carries the incident."""
    del token
    if plan.parameters["how"] == DEPLOY:
        return tools.deployments.deploy_again(plan.target, plan.parameters["to"], _because(tools))
    tools.deployments.stop(plan.parameters["from"])
    return tools.deployments.details(plan.target, run.ref.run_id).rolled_back_by or _not_yet()


def find(run: Run, tools: Tools, since: datetime) -> Iterator[str]:
    """See RemedyModule. A deployment that is stopped by now was running when this was intended: its rollback
    comes, and making another one would be wrong."""
    group = run.ref.key.name
    yield from tools.deployments.marked(group, since, _because(tools))
    details = tools.deployments.details(group, run.ref.run_id)
    if details.rolled_back_by or details.stopped:
        yield details.rolled_back_by or _not_yet()


def _last_good(group: str, deployment: str, details: DeploymentDetails, tools: Tools) -> GoodDeployment:
    """What succeeded and did harm is nothing to go back to. Of a stopped one CodeDeploy chooses by itself."""
    before = tools.deployments.good_before(group, deployment)
    good = next((each for each in before[:CANDIDATES] if not tools.case.harmed(each.id)), None)
    if good is None:
        harmless = " and did no harm" if before else ""
        raise ActionRefused(f"no earlier deployment of another revision succeeded in {group}{harmless}")
    if details.running and good != before[0]:
        raise ActionRefused(f"CodeDeploy itself would go back to {before[0].id}, which did harm")
    return good


def _not_yet() -> str:
    raise ServiceUnavailable("codedeploy:StopDeployment: the rollback has not begun yet")


def _check(group: str, deployment: str, details: DeploymentDetails) -> None:
    if not details.tagged:
        raise ActionRefused(untagged("deployment group", group))
    if details.rolled_back_by:
        raise ActionRefused(f"{details.rolled_back_by} has taken it back already")
    if details.stopped:
        raise ActionRefused("somebody stopped this deployment, and decided what becomes of it")
    if details.rolls_back:
        raise ActionRefused(f"this deployment is itself the rollback of {details.rolls_back}")
    if details.failed and details.rolls_back_itself:
        raise ActionRefused("CodeDeploy itself takes failed deployments of this group back")
    if details.latest != deployment:
        raise ActionRefused(f"superseded: {details.latest} was deployed to {group} since")
    if details.platform == "Lambda":
        raise ActionRefused(
            "a deployment to Lambda names the version it starts from, so an older one cannot be repeated"
        )


def _because(tools: Tools) -> str:
    """The description that people see on the new deployment, and by which it is found again."""
    return f"Selfheal rolls back for incident {tools.case.incident_id}"
