"""CodeDeploy: reading deployments."""

from datetime import UTC, datetime

from selfheal.adapters.calls import Client, Json, calling
from selfheal.domain.errors import RunNotFound
from selfheal.domain.run import Phase, PipelineKey, Run, RunRef, RunStatus, Service, seconds_between

_STATUS = {
    "Created": RunStatus.IN_PROGRESS,
    "Queued": RunStatus.IN_PROGRESS,
    "InProgress": RunStatus.IN_PROGRESS,
    "Baking": RunStatus.IN_PROGRESS,
    "Ready": RunStatus.IN_PROGRESS,
    "Succeeded": RunStatus.SUCCEEDED,
    "Failed": RunStatus.FAILED,
    "Stopped": RunStatus.STOPPED,
}
# The creators of deployments that go back to an earlier version by themselves.
_ROLLBACKS = ("codeDeployRollback", "CloudFormationRollback")


class CodeDeployReader:
    """RunReader of deployments. Needs codedeploy:GetDeployment."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, ref: RunRef) -> Run:
        """RunReader. The deployment is one phase, named ``Deployment``."""
        return deployment_run(get_deployment(self._client, ref.run_id))


def get_deployment(client: Client, deployment: str) -> Json:
    """The deployment as GetDeployment shows it. Raises RunNotFound."""
    gone = {"DeploymentDoesNotExistException": f"{deployment}: CodeDeploy knows no such deployment"}
    with calling("codedeploy:GetDeployment", gone=gone):
        reply = client.get_deployment(deploymentId=deployment)
    found: Json = reply["deploymentInfo"]
    return found


def deployment_ref(info: Json) -> RunRef:
    """The reference to a deployment in CodeDeploy's reply."""
    name = f"{info['applicationName']}/{info['deploymentGroupName']}"
    return RunRef(PipelineKey(Service.CODEDEPLOY, name), info["deploymentId"])


def deployment_run(info: Json) -> Run:
    """The Run that a deployment in CodeDeploy's reply is. Raises RunNotFound when it has no beginning."""
    created, started, ended = (_utc(info.get(f"{name}Time")) for name in ("create", "start", "complete"))
    begin = started or created
    if begin is None:
        raise RunNotFound(f"{info['deploymentId']}: CodeDeploy does not say when this deployment was made")
    # A status this code does not know yet is no end: the run is read again later.
    status = _STATUS.get(info["status"], RunStatus.IN_PROGRESS)
    error = info.get("errorInformation", {})
    seconds = seconds_between(begin, ended) if ended else None
    phase = Phase("Deployment", info["status"], seconds, error.get("code", ""), error.get("message", ""))
    return Run(
        ref=deployment_ref(info),
        status=status,
        started_at=begin,
        ended_at=ended,
        phases=(phase,),
        source_version=revision_name(info.get("revision", {})),
        initiator=info.get("creator", ""),
        queued_seconds=seconds_between(created, started) if started and created else None,
        rolls_back=info.get("creator") in _ROLLBACKS,
    )


def revision_name(revision: Json) -> str:
    """What was deployed: the commit, the object's version, or the checksum of what was sent along."""
    github, s3 = revision.get("gitHubLocation", {}), revision.get("s3Location", {})
    inline = revision.get("appSpecContent") or revision.get("string") or {}
    return str(github.get("commitId") or s3.get("version") or s3.get("eTag") or inline.get("sha256") or "")


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
