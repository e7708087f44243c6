"""Applications and deployment groups of CodeDeploy."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

from local.devtools.deployment_requests import (
    application_arn,
    check_computing,
    check_rollback,
    refuse_others,
    revisions,
)
from local.devtools.deployments import Group
from local.devtools.errors import ServiceError
from local.devtools.hosts import Host
from local.devtools.operations import Caller, Operation, page
from local.devtools.tag_lists import read_tags, write_tags
from local.devtools.wire import Json

PAGE = 100
BAD_TOKEN = "InvalidNextTokenException"  # noqa: S105 - an error's name


class DeploymentGroups:
    """Applications with their deployment groups, whose hosts are below ``directory``; ``lock``: that of deployments."""

    def __init__(self, directory: Path, lock: threading.RLock) -> None:
        self._directory, self._lock = directory, lock
        self._applications: dict[str, tuple[str, dict[str, str]]] = {}
        self._groups: dict[tuple[str, str], Group] = {}

    def operations(self) -> dict[str, Operation]:
        """The operations by name."""
        return {
            "CreateApplication": Operation(self._create_application, _application),
            "CreateDeploymentGroup": Operation(self._create_group, group_of),
            "UpdateDeploymentGroup": Operation(self._update_group, _current_group),
            "GetDeploymentGroup": Operation(self._get_group, group_of),
            "ListDeploymentGroups": Operation(self._list_groups, _application),
            "ListApplicationRevisions": Operation(self._list_revisions, _application),
            "TagResource": Operation(self._tag, _tagged_resource),
            "ListTagsForResource": Operation(self._list_tags, _tagged_resource),
        }

    def all(self) -> list[Group]:
        """Every group."""
        return list(self._groups.values())

    def get(self, application: str, name: str) -> Group:
        """The group of this name."""
        self.check_application(application)
        if (application, name) not in self._groups:
            message = f"No deployment group found for name: {name}"
            raise ServiceError("DeploymentGroupDoesNotExistException", message)
        return self._groups[application, name]

    def check_application(self, name: str) -> None:
        """Refuse an application that is not there."""
        if name not in self._applications:
            raise ServiceError("ApplicationDoesNotExistException", f"No application found for name: {name}")

    def tags_of(self, arn: str) -> dict[str, str] | None:
        """The tags of an application or a group; None when there is none with this ARN."""
        with self._lock:
            for (application, name), group in self._groups.items():
                if arn == application_arn(application, name):
                    return group.tags
            for application, (_, tags) in self._applications.items():
                if arn == application_arn(application):
                    return tags
        return None

    def _create_application(self, params: Json, caller: Caller) -> Json:
        refuse_others(params, {"applicationName", "computePlatform", "tags"})
        check_computing(params)
        name = params["applicationName"]
        with self._lock:
            if name in self._applications:
                raise ServiceError("ApplicationAlreadyExistsException", f"Application already exists: {name}")
            self._applications[name] = str(uuid.uuid4()), read_tags(params.get("tags", []))
        return {"applicationId": self._applications[name][0]}

    def _create_group(self, params: Json, caller: Caller) -> Json:
        known = {
            "applicationName",
            "deploymentGroupName",
            "serviceRoleArn",
            "autoRollbackConfiguration",
            "tags",
        }
        refuse_others(params, known)
        application, name = params["applicationName"], params["deploymentGroupName"]
        rollback = check_rollback(params)
        with self._lock:
            self.check_application(application)
            if (application, name) in self._groups:
                message = f"Deployment group already exists: {name}"
                raise ServiceError("DeploymentGroupAlreadyExistsException", message)
            host, tags = (
                Host(self._directory / application / name),
                read_tags(params.get("tags", [])),
            )
            group = Group(
                application, name, str(uuid.uuid4()), params["serviceRoleArn"], host, rollback, tags
            )
            self._groups[application, name] = group
        return {"deploymentGroupId": group.id}

    def _update_group(self, params: Json, caller: Caller) -> Json:
        refuse_others(
            params,
            {"applicationName", "currentDeploymentGroupName", "serviceRoleArn", "autoRollbackConfiguration"},
        )
        group = self.get(params["applicationName"], params["currentDeploymentGroupName"])
        group.role = params.get("serviceRoleArn", group.role)
        if "autoRollbackConfiguration" in params:
            group.auto_rollback = check_rollback(params)
        return {}

    def _get_group(self, params: Json, caller: Caller) -> Json:
        with self._lock:
            group = self.get(params["applicationName"], params["deploymentGroupName"])
            return {"deploymentGroupInfo": group.wire()}

    def _list_groups(self, params: Json, caller: Caller) -> Json:
        application = params["applicationName"]
        self.check_application(application)
        with self._lock:
            names = sorted(name for known, name in self._groups if known == application)
        shown, more = page(names, params, PAGE, BAD_TOKEN)
        return {"applicationName": application, "deploymentGroups": shown, **more}

    def _list_revisions(self, params: Json, caller: Caller) -> Json:
        refuse_others(params, {"applicationName", "sortBy", "sortOrder", "deployed", "nextToken"})
        self.check_application(params["applicationName"])
        with self._lock:
            groups = [item for item in self._groups.values() if item.application == params["applicationName"]]
            shown, more = page(revisions(groups, params), params, PAGE, BAD_TOKEN)
        return {"revisions": shown, **more}

    def _tag(self, params: Json, caller: Caller) -> Json:
        self._tagged(params).update(read_tags(params["Tags"]))
        return {}

    def _list_tags(self, params: Json, caller: Caller) -> Json:
        return {"Tags": write_tags(self._tagged(params), capital=True)}

    def _tagged(self, params: Json) -> dict[str, str]:
        tags = self.tags_of(params["ResourceArn"])
        if tags is None:
            raise ServiceError("InvalidArnException", f"There is no resource {params['ResourceArn']}")
        return tags


def group_of(params: Json) -> list[str]:
    """The ARN of the deployment group that a request names."""
    return [application_arn(params.get("applicationName", "*"), params.get("deploymentGroupName", "*"))]


def _application(params: Json) -> list[str]:
    return [application_arn(params["applicationName"])]


def _current_group(params: Json) -> list[str]:
    return [application_arn(params["applicationName"], params["currentDeploymentGroupName"])]


def _tagged_resource(params: Json) -> list[str]:
    return [params["ResourceArn"]]
