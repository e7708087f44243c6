"""The few things that remedies do to deployments, and what they ask of CodeDeploy first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, Json, calling, error_code
from selfheal.adapters.codedeploy import get_deployment, revision_name
from selfheal.adapters.tags import permits
from selfheal.domain.errors import RunNotFound
from selfheal.remedy_ports import DeploymentDetails, GoodDeployment

BATCH = 25
LISTED = 100
FAILED, STOPPED, SUCCEEDED = "Failed", "Stopped", "Succeeded"
RUNNING = ("Created", "Queued", "InProgress", "Baking", "Ready")
_GONE = {
    "ApplicationDoesNotExistException": "CodeDeploy knows no such application",
    "DeploymentGroupDoesNotExistException": "CodeDeploy knows no such deployment group",
}


class CodeDeployDeployments:
    """Deployments. Needs codedeploy:GetDeployment, GetDeploymentGroup, ListTagsForResource, ListDeployments,
    BatchGetDeployments, StopDeployment and CreateDeployment, and for the last also GetDeploymentConfig,
    GetApplicationRevision and RegisterApplicationRevision."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def details(self, group: str, deployment: str) -> DeploymentDetails:
        """Deployments."""
        info = get_deployment(self._client, deployment)
        of_group = self._group(group)
        rollback = info.get("rollbackInfo", {})
        return DeploymentDetails(
            tagged=self._tagged(group, of_group["serviceRoleArn"]),
            running=info["status"] in RUNNING,
            failed=info["status"] == FAILED,
            stopped=info["status"] == STOPPED,
            platform=info.get("computePlatform", "Server"),
            rolls_back_itself=_rolls_back_itself(info),
            rolled_back_by=rollback.get("rollbackDeploymentId", ""),
            rolls_back=rollback.get("rollbackTriggeringDeploymentId", ""),
            latest=of_group.get("lastAttemptedDeployment", {}).get("deploymentId", deployment),
        )

    def good_before(self, group: str, deployment: str) -> list[GoodDeployment]:
        """Deployments."""
        now = get_deployment(self._client, deployment)
        good = self._list(group, {"includeOnlyStatuses": [SUCCEEDED]})
        earlier = [
            info
            for info in good
            if info["createTime"] < now["createTime"] and info.get("revision") != now.get("revision")
        ]
        earlier.sort(key=lambda info: info["createTime"], reverse=True)
        return [GoodDeployment(i["deploymentId"], revision_name(i.get("revision", {}))) for i in earlier]

    def marked(self, group: str, since: datetime, description: str) -> list[str]:
        """Deployments."""
        found = self._list(group, {"createTimeRange": {"start": since.astimezone(UTC)}})
        return [info["deploymentId"] for info in found if info.get("description") == description]

    def stop(self, deployment: str) -> None:
        """Deployments."""
        with calling("codedeploy:StopDeployment"):
            try:
                self._client.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
            except ClientError as error:
                if error_code(error) != "DeploymentAlreadyCompletedException":
                    raise

    def deploy_again(self, group: str, deployment: str, description: str) -> str:
        """Deployments. Would CodeDeploy take this one back, it would put what does harm into its place."""
        good = get_deployment(self._client, deployment)
        same = {key: good[key] for key in ("fileExistsBehavior",) if good.get(key)}
        with calling("codedeploy:CreateDeployment"):
            reply = self._client.create_deployment(
                **_names(group),
                **same,
                revision=good["revision"],
                description=description,
                autoRollbackConfiguration={"enabled": False},
            )
        return str(reply["deploymentId"])

    def _group(self, group: str) -> Json:
        with calling("codedeploy:GetDeploymentGroup", gone=_GONE):
            reply = self._client.get_deployment_group(**_names(group))
        found: Json = reply["deploymentGroupInfo"]
        return found

    def _tagged(self, group: str, role: str) -> bool:
        """The group's ARN is in no reply; its partition and account are those of its service role."""
        _, partition, _, _, account, _ = role.split(":", 5)
        arn = f"arn:{partition}:codedeploy:{self._client.meta.region_name}:{account}:deploymentgroup:{group}"
        with calling("codedeploy:ListTagsForResource"):
            reply = self._client.list_tags_for_resource(ResourceArn=arn)
        return permits(reply.get("Tags", []))

    def _list(self, group: str, only: dict[str, Any]) -> list[Json]:
        """The group's deployments of the first page."""
        with calling("codedeploy:ListDeployments", gone=_GONE):
            ids: Sequence[str] = self._client.list_deployments(**_names(group), **only)["deployments"]
        found: list[Json] = []
        for start in range(0, min(len(ids), LISTED), BATCH):
            with calling("codedeploy:BatchGetDeployments"):
                reply = self._client.batch_get_deployments(deploymentIds=list(ids[start : start + BATCH]))
            found += reply["deploymentsInfo"]
        return found


def _names(group: str) -> dict[str, str]:
    application, slash, name = group.partition("/")
    if not slash:
        raise RunNotFound(f"{group!r} is not <application>/<deployment group>")
    return {"applicationName": application, "deploymentGroupName": name}


def _rolls_back_itself(info: Json) -> bool:
    """Whether CodeDeploy takes a failed deployment back (a stopped one is asked for with the call)."""
    native = info.get("autoRollbackConfiguration", {})
    return bool(native.get("enabled")) and "DEPLOYMENT_FAILURE" in native.get("events", [])
