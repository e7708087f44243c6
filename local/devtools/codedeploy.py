"""The operations of AWS CodeDeploy."""

from __future__ import annotations

import secrets
import string
import threading
import time
import uuid
from pathlib import Path

from local.devtools.builds import ACCOUNT, REGION
from local.devtools.deployments import TARGET, Deployment, DeploymentRun
from local.devtools.errors import ServiceError, invalid_input
from local.devtools.events import Event, EventPublisher
from local.devtools.operations import Caller, Operation, page
from local.devtools.source import repository_path
from local.devtools.wire import Json

PAGE = 100
STATE_OF_STATUS = {"InProgress": "START", "Succeeded": "SUCCESS", "Failed": "FAILURE", "Stopped": "STOP"}


class CodeDeploy:
    """Applications, deployment groups and deployments."""

    def __init__(self, events: EventPublisher, directory: Path) -> None:
        self._events, self._directory = events, directory
        self._lock = threading.Lock()
        self._applications: dict[str, str] = {}
        self._groups: dict[tuple[str, str], str] = {}
        self._deployments: dict[str, Deployment] = {}

    def operations(self) -> dict[str, Operation]:
        """The operations by name."""
        return {
            "CreateApplication": Operation(self._create_application, _application),
            "CreateDeploymentGroup": Operation(self._create_group, _group),
            "CreateDeployment": Operation(self._create_deployment, _group),
            "GetDeployment": Operation(self._get_deployment, self._groups_of_deployments),
            "BatchGetDeployments": Operation(self._batch_get_deployments, self._groups_of_deployments),
            "ListDeployments": Operation(self._list_deployments, _group),
            "ListDeploymentTargets": Operation(self._list_targets, _anything),
            "BatchGetDeploymentTargets": Operation(self._batch_get_targets, _anything),
        }

    def deploy(self, application: str, group: str, revision: Json, description: str = "") -> Deployment:
        """Start a deployment of a revision (RevisionLocation of type GitHub)."""
        self._check_group(application, group)
        _check_revision(revision)
        letters = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))
        deployment = Deployment(
            f"d-{letters}",
            application,
            group,
            self._groups[application, group],
            revision,
            time.time(),
            description,
        )
        with self._lock:
            self._deployments[deployment.id] = deployment
        DeploymentRun(deployment, self._directory, self._publish).start()
        return deployment

    def close(self, seconds: float) -> None:
        """Stop all deployments and wait up to ``seconds`` for each to end."""
        running = [item for item in list(self._deployments.values()) if not item.done.is_set()]
        for deployment in running:
            deployment.stop.set()
        for deployment in running:
            deployment.done.wait(seconds)

    def _publish(self, deployment: Deployment) -> None:
        application, group = deployment.application, deployment.group
        detail = {
            "region": REGION,
            "application": application,
            "deploymentGroup": group,
            "deploymentId": deployment.id,
            "instanceGroupId": deployment.group_id,
            "state": STATE_OF_STATUS[deployment.status],
        }
        resources = (_arn(f"application:{application}"), _arn(f"deploymentgroup:{application}/{group}"))
        kind = "CodeDeploy Deployment State-change Notification"
        self._events.publish(Event("codedeploy", kind, application, resources, detail, time.time()))

    def _create_application(self, params: Json, caller: Caller) -> Json:
        _refuse_others(params, {"applicationName", "computePlatform", "tags"})
        if params.get("computePlatform", "Server") != "Server":
            raise ServiceError(
                "InvalidComputePlatformException", "computePlatform: the simulator offers Server"
            )
        name = params["applicationName"]
        with self._lock:
            if name in self._applications:
                raise ServiceError("ApplicationAlreadyExistsException", f"Application already exists: {name}")
            self._applications[name] = str(uuid.uuid4())
        return {"applicationId": self._applications[name]}

    def _create_group(self, params: Json, caller: Caller) -> Json:
        _refuse_others(params, {"applicationName", "deploymentGroupName", "serviceRoleArn", "tags"})
        key = params["applicationName"], params["deploymentGroupName"]
        with self._lock:
            self._check_application(key[0])
            if key in self._groups:
                message = f"Deployment group already exists: {key[1]}"
                raise ServiceError("DeploymentGroupAlreadyExistsException", message)
            self._groups[key] = str(uuid.uuid4())
        return {"deploymentGroupId": self._groups[key]}

    def _create_deployment(self, params: Json, caller: Caller) -> Json:
        _refuse_others(params, {"applicationName", "deploymentGroupName", "revision", "description"})
        if "deploymentGroupName" not in params:
            raise ServiceError("DeploymentGroupNameRequiredException", "deploymentGroupName is required")
        if "revision" not in params:
            raise ServiceError("RevisionRequiredException", "revision is required")
        application, group = params["applicationName"], params["deploymentGroupName"]
        deployment = self.deploy(application, group, params["revision"], params.get("description", ""))
        return {"deploymentId": deployment.id}

    def _get_deployment(self, params: Json, caller: Caller) -> Json:
        return {"deploymentInfo": self._deployment(params["deploymentId"]).wire()}

    def _list_targets(self, params: Json, caller: Caller) -> Json:
        _refuse_others(params, {"deploymentId"})
        deployment = self._deployment(params["deploymentId"])
        if deployment.started is None:
            raise ServiceError("DeploymentNotStartedException", f"{deployment.id} has not started")
        return {"targetIds": [TARGET]}

    def _batch_get_targets(self, params: Json, caller: Caller) -> Json:
        deployment = self._deployment(params["deploymentId"])
        if params.get("targetIds", []) != [TARGET]:
            raise ServiceError("DeploymentTargetDoesNotExistException", f"targetIds: this host is {TARGET}")
        return {"deploymentTargets": [deployment.target()]}

    def _deployment(self, name: str) -> Deployment:
        if name not in self._deployments:
            message = f"The deployment {name} could not be found"
            raise ServiceError("DeploymentDoesNotExistException", message)
        return self._deployments[name]

    def _batch_get_deployments(self, params: Json, caller: Caller) -> Json:
        found = [self._deployments.get(name) for name in params["deploymentIds"]]
        return {"deploymentsInfo": [deployment.wire() for deployment in found if deployment]}

    def _list_deployments(self, params: Json, caller: Caller) -> Json:
        _refuse_others(
            params,
            {"applicationName", "deploymentGroupName", "includeOnlyStatuses", "createTimeRange", "nextToken"},
        )
        if "applicationName" in params:
            self._check_group(params["applicationName"], params.get("deploymentGroupName"))
        with self._lock:
            ids = [item.id for item in reversed(self._deployments.values()) if _listed(item, params)]
        shown, more = page(ids, params, PAGE, "InvalidNextTokenException")
        return {"deployments": shown, **more}

    def _check_application(self, name: str) -> None:
        if name not in self._applications:
            raise ServiceError("ApplicationDoesNotExistException", f"No application found for name: {name}")

    def _check_group(self, application: str, group: str | None) -> None:
        self._check_application(application)
        if group is not None and (application, group) not in self._groups:
            message = f"No deployment group found for name: {group}"
            raise ServiceError("DeploymentGroupDoesNotExistException", message)

    def _groups_of_deployments(self, params: Json) -> list[str]:
        names = params.get("deploymentIds") or [params.get("deploymentId", "")]
        known = [self._deployments[name] for name in names if name in self._deployments]
        return [_arn(f"deploymentgroup:{item.application}/{item.group}") for item in known] or _group({})


def _listed(deployment: Deployment, params: Json) -> bool:
    window = params.get("createTimeRange", {})
    return (
        params.get("applicationName", deployment.application) == deployment.application
        and params.get("deploymentGroupName", deployment.group) == deployment.group
        and deployment.status in params.get("includeOnlyStatuses", [deployment.status])
        and window.get("start", 0) <= deployment.created <= window.get("end", float("inf"))
    )


def _check_revision(revision: Json) -> None:
    location = revision.get("gitHubLocation", {})
    if revision.get("revisionType") != "GitHub" or repository_path(location.get("repository", "")) is None:
        raise ServiceError(
            "InvalidRevisionException",
            "revision: the simulator deploys revisionType GitHub; "
            "gitHubLocation.repository is the absolute path of a local git repository",
        )


def _refuse_others(params: Json, known: set[str]) -> None:
    others = sorted(params.keys() - known)
    if others:
        raise invalid_input(f"{others[0]}: not offered by the simulator; leave it out")


def _arn(resource: str) -> str:
    return f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:{resource}"


def _anything(_: Json) -> list[str]:
    """IAM knows no resources for reading targets."""
    return ["*"]


def _application(params: Json) -> list[str]:
    return [_arn(f"application:{params['applicationName']}")]


def _group(params: Json) -> list[str]:
    application, group = params.get("applicationName", "*"), params.get("deploymentGroupName", "*")
    return [_arn(f"deploymentgroup:{application}/{group}")]
