"""The operations of AWS CodeDeploy."""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from local.devtools.builds import REGION
from local.devtools.deployment_groups import DeploymentGroups, group_of
from local.devtools.deployment_requests import (
    application_arn,
    check_revision,
    check_rollback,
    deployment_config_arn,
    listed,
    named_revision,
    refuse_others,
)
from local.devtools.deployment_run import DeploymentRun
from local.devtools.deployments import (
    ENDED,
    FAILED,
    IN_PROGRESS,
    STOPPED,
    SUCCEEDED,
    TARGET,
    Deployment,
    Group,
)
from local.devtools.errors import ServiceError
from local.devtools.events import Event, EventPublisher
from local.devtools.operations import Caller, Operation, page
from local.devtools.wire import Json

PAGE = 100
STATE_OF_STATUS = {IN_PROGRESS: "START", SUCCEEDED: "SUCCESS", FAILED: "FAILURE", STOPPED: "STOP"}
BAD_TOKEN = "InvalidNextTokenException"  # noqa: S105 - an error's name


class CodeDeploy:
    """Applications, deployment groups and deployments; hosts and work directories are below ``directory``."""

    def __init__(self, events: EventPublisher, directory: Path) -> None:
        self._events, self._directory = events, directory
        self._lock = threading.RLock()
        self._groups = DeploymentGroups(directory / "hosts", self._lock)
        self._deployments: dict[str, Deployment] = {}
        self._closing = threading.Event()

    def operations(self) -> dict[str, Operation]:
        """The operations by name."""
        return self._groups.operations() | {
            "CreateDeployment": Operation(self._create_deployment, group_of, more=_deploying),
            "StopDeployment": Operation(self._stop_deployment, _anything),
            "GetDeployment": Operation(self._get_deployment, self._groups_of_deployments),
            "BatchGetDeployments": Operation(self._batch_get_deployments, self._groups_of_deployments),
            "ListDeployments": Operation(self._list_deployments, group_of),
            "ListDeploymentTargets": Operation(self._list_targets, _anything),
            "BatchGetDeploymentTargets": Operation(self._batch_get_targets, _anything),
        }

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of an application or a deployment group."""
        return self._groups.tags_of(arn) or {}

    def deploy(
        self,
        application: str,
        group: str,
        revision: Json,
        description: str = "",
        rollback: Json | None = None,
    ) -> Deployment:
        """Start a deployment of a revision (RevisionLocation of type GitHub), unless another one is under way."""
        check_revision(revision)
        with self._lock:
            found = self._groups.get(application, group)
            if active := found.active:
                message = f"The deployment group {group} already has an active deployment {active.id}"
                raise ServiceError("DeploymentLimitExceededException", message)
            deployment = self._add(found, _new_deployment(found, revision, description, rollback))
        self._run(deployment)
        return deployment

    def close(self, seconds: float) -> None:
        """Stop all deployments, wait up to ``seconds`` for each to end, and end what runs on their hosts."""
        self._closing.set()
        running = [item for item in list(self._deployments.values()) if not item.done.is_set()]
        for deployment in running:
            deployment.stop.set()
        for deployment in running:
            deployment.done.wait(seconds)
        for group in self._groups.all():
            group.host.end()

    def _add(self, group: Group, deployment: Deployment) -> Deployment:
        self._deployments[deployment.id] = deployment
        group.deployments.append(deployment)
        return deployment

    def _run(self, deployment: Deployment) -> None:
        host = self._groups.get(deployment.application, deployment.group).host
        DeploymentRun(deployment, host, self._directory / "work", self._changed).start()

    def _changed(self, deployment: Deployment, status: str, error: tuple[str, str] | None) -> None:
        # Whoever reads that it ended must read of its rollback too, its event must be on its way, and nobody may
        # deploy in between.
        with self._lock:
            deployment.change(status, error)
            over = status in ENDED and not self._closing.is_set()
            rollback = self._rollback_of(deployment) if over and deployment.asks_for_rollback() else None
            self._publish(deployment)
        if rollback:
            self._run(rollback)

    def _rollback_of(self, failed: Deployment) -> Deployment | None:
        """A deployment of the last good revision, as CodeDeploy makes it by itself."""
        group = self._groups.get(failed.application, failed.group)
        good = group.last_good
        if good is None:
            failed.rollback = {"rollbackMessage": "There is no successful deployment to roll back to."}
            return None
        rollback = _new_deployment(group, good.revision, f"Rollback of {failed.id}")
        rollback.creator = "codeDeployRollback"
        rollback.rollback = {"rollbackTriggeringDeploymentId": failed.id}
        failed.rollback = {"rollbackDeploymentId": rollback.id}
        return self._add(group, rollback)

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
        resources = (application_arn(application), application_arn(application, group))
        kind = "CodeDeploy Deployment State-change Notification"
        self._events.publish(Event("codedeploy", kind, application, resources, detail, time.time()))

    def _create_deployment(self, params: Json, caller: Caller) -> Json:
        refuse_others(
            params,
            {"applicationName", "deploymentGroupName", "revision", "description"}
            | {"autoRollbackConfiguration", "fileExistsBehavior"},
        )
        application, group, revision = named_revision(params)
        rollback = check_rollback(params) if "autoRollbackConfiguration" in params else None
        deployment = self.deploy(application, group, revision, params.get("description", ""), rollback)
        return {"deploymentId": deployment.id}

    def _stop_deployment(self, params: Json, caller: Caller) -> Json:
        deployment = self._deployment(params["deploymentId"])
        with self._lock:
            if deployment.status in ENDED:
                message = f"The deployment {deployment.id} has already completed"
                raise ServiceError("DeploymentAlreadyCompletedException", message)
            deployment.roll_back = params.get("autoRollbackEnabled", deployment.roll_back)
            deployment.stop.set()
        return {"status": "Pending", "statusMessage": f"The deployment {deployment.id} is being stopped"}

    def _get_deployment(self, params: Json, caller: Caller) -> Json:
        with self._lock:
            return {"deploymentInfo": self._deployment(params["deploymentId"]).wire()}

    def _list_targets(self, params: Json, caller: Caller) -> Json:
        refuse_others(params, {"deploymentId"})
        deployment = self._deployment(params["deploymentId"])
        if deployment.started is None:
            raise ServiceError("DeploymentNotStartedException", f"{deployment.id} has not started")
        return {"targetIds": [TARGET]}

    def _batch_get_targets(self, params: Json, caller: Caller) -> Json:
        deployment = self._deployment(params["deploymentId"])
        if params.get("targetIds", []) != [TARGET]:
            raise ServiceError("DeploymentTargetDoesNotExistException", f"targetIds: this host is {TARGET}")
        with self._lock:
            return {"deploymentTargets": [deployment.target()]}

    def _batch_get_deployments(self, params: Json, caller: Caller) -> Json:
        with self._lock:
            found = [self._deployments.get(name) for name in params["deploymentIds"]]
            return {"deploymentsInfo": [deployment.wire() for deployment in found if deployment]}

    def _list_deployments(self, params: Json, caller: Caller) -> Json:
        refuse_others(
            params,
            {"applicationName", "deploymentGroupName", "includeOnlyStatuses", "createTimeRange", "nextToken"},
        )
        if "applicationName" in params:
            self._groups.check_application(params["applicationName"])
            if "deploymentGroupName" in params:
                self._groups.get(params["applicationName"], params["deploymentGroupName"])
        with self._lock:
            ids = [item.id for item in reversed(self._deployments.values()) if listed(item, params)]
        shown, more = page(ids, params, PAGE, BAD_TOKEN)
        return {"deployments": shown, **more}

    def _deployment(self, name: str) -> Deployment:
        if name not in self._deployments:
            message = f"The deployment {name} could not be found"
            raise ServiceError("DeploymentDoesNotExistException", message)
        return self._deployments[name]

    def _groups_of_deployments(self, params: Json) -> list[str]:
        names = params.get("deploymentIds") or [params.get("deploymentId", "")]
        known = [self._deployments[name] for name in names if name in self._deployments]
        return [application_arn(item.application, item.group) for item in known] or group_of({})


def _new_deployment(
    group: Group, revision: Json, description: str, rollback: Json | None = None
) -> Deployment:
    letters = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))
    good = group.last_good
    return Deployment(
        f"d-{letters}",
        group.application,
        group.name,
        group.id,
        revision,
        time.time(),
        description,
        auto_rollback=group.auto_rollback if rollback is None else rollback,
        previous_revision=good.revision if good else None,
    )


def _anything(_: Json) -> list[str]:
    """IAM knows no resources for stopping a deployment and reading its targets."""
    return ["*"]


def _deploying(params: Json) -> dict[str, list[str]]:
    """Who deploys must be allowed to read the configuration and to name and read the revision as well."""
    application = [application_arn(params["applicationName"])]
    return {
        "GetDeploymentConfig": [deployment_config_arn()],
        "RegisterApplicationRevision": application,
        "GetApplicationRevision": application,
    }
