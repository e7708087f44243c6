"""Deployments and the groups they belong to."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from local.devtools.builds import present
from local.devtools.hosts import Host
from local.devtools.wire import Json

TARGET, DEPLOYMENT_CONFIG = "i-simulated", "CodeDeployDefault.OneAtATime"
CREATED, IN_PROGRESS, SUCCEEDED, FAILED, STOPPED = "Created", "InProgress", "Succeeded", "Failed", "Stopped"
ENDED = (SUCCEEDED, FAILED, STOPPED)
ROLLBACK_EVENT = {FAILED: "DEPLOYMENT_FAILURE", STOPPED: "DEPLOYMENT_STOP_ON_REQUEST"}


@dataclass
class Deployment:
    """One deployment of a revision to a deployment group; times are epoch seconds.

    ``rollback`` is its RollbackInfo; ``roll_back`` says whether it is rolled back when stopped, None: as configured.
    """

    id: str
    application: str
    group: str
    group_id: str
    revision: Json
    created: float
    description: str = ""
    creator: str = "user"
    auto_rollback: Json = field(default_factory=dict)
    previous_revision: Json | None = None
    rollback: Json = field(default_factory=dict)
    roll_back: bool | None = None
    status: str = CREATED
    started: float | None = None
    completed: float | None = None
    error: tuple[str, str] | None = None
    steps: dict[str, Json] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def change(self, status: str, error: tuple[str, str] | None) -> None:
        """Begin, or come to an end with the code and message of an error."""
        if status == IN_PROGRESS:
            self.started = time.time()
        else:
            self.completed = time.time()
        self.status, self.error = status, error

    def begin_step(self, event: str) -> None:
        """Note that the first hook of a lifecycle event begins."""
        first = {"lifecycleEventName": event, "startTime": round(time.time(), 3), "status": "InProgress"}
        self.steps.setdefault(event, first)

    def end_step(self, event: str, status: str) -> None:
        """Note that a hook of a lifecycle event ended; the last one's end is the event's."""
        # A new one: whoever is being shown the step has the old one in hand.
        self.steps[event] = self.steps[event] | {"endTime": round(time.time(), 3), "status": status}

    def asks_for_rollback(self) -> bool:
        """Whether it is to be rolled back by itself, now that it has ended; a rollback never is."""
        if self.status not in ROLLBACK_EVENT or self.creator == "codeDeployRollback":
            return False
        if self.status == STOPPED and self.roll_back is not None:
            return self.roll_back
        events = self.auto_rollback.get("events", [])
        return bool(self.auto_rollback.get("enabled")) and ROLLBACK_EVENT[self.status] in events

    def target(self) -> Json:
        """This host as BatchGetDeploymentTargets shows it."""
        instance = {
            "deploymentId": self.id,
            "targetId": TARGET,
            "status": self.status if self.status in (IN_PROGRESS, SUCCEEDED, FAILED) else "Unknown",
            "lifecycleEvents": list(self.steps.values()),
        }
        return {"deploymentTargetType": "InstanceTarget", "instanceTarget": instance}

    def summary(self) -> Json:
        """The deployment as GetDeploymentGroup shows it."""
        moments = {"createTime": round(self.created, 3), "endTime": _moment(self.completed)}
        return present({"deploymentId": self.id, "status": self.status, **moments})

    def wire(self) -> Json:
        """The deployment as GetDeployment shows it."""
        error = {"code": self.error[0], "message": self.error[1]} if self.error else None
        overview = {"Pending": 0, IN_PROGRESS: 0, SUCCEEDED: 0, FAILED: 0, "Skipped": 0, "Ready": 0}
        counted = self.status if self.status in overview else "Pending"
        return present(
            {
                "deploymentId": self.id,
                "applicationName": self.application,
                "deploymentGroupName": self.group,
                "deploymentConfigName": DEPLOYMENT_CONFIG,
                "previousRevision": self.previous_revision,
                "revision": self.revision,
                "status": self.status,
                "errorInformation": error,
                "createTime": round(self.created, 3),
                "startTime": _moment(self.started),
                "completeTime": _moment(self.completed),
                "deploymentOverview": overview | {counted: 1},
                "description": self.description,
                "creator": self.creator,
                "autoRollbackConfiguration": self.auto_rollback or None,
                "rollbackInfo": self.rollback or None,
                "computePlatform": "Server",
            }
        )


@dataclass
class Group:
    """A deployment group, the host it deploys to, and its deployments, oldest first."""

    application: str
    name: str
    id: str
    role: str
    host: Host
    auto_rollback: Json
    tags: dict[str, str]
    deployments: list[Deployment] = field(default_factory=list)

    @property
    def active(self) -> Deployment | None:
        """The deployment under way."""
        return next((item for item in self.deployments if item.status not in ENDED), None)

    @property
    def last_good(self) -> Deployment | None:
        """The last deployment that succeeded."""
        return next((item for item in reversed(self.deployments) if item.status == SUCCEEDED), None)

    def wire(self) -> Json:
        """The group as GetDeploymentGroup shows it."""
        good, last = self.last_good, self.deployments[-1] if self.deployments else None
        return present(
            {
                "applicationName": self.application,
                "deploymentGroupName": self.name,
                "deploymentGroupId": self.id,
                "deploymentConfigName": DEPLOYMENT_CONFIG,
                "serviceRoleArn": self.role,
                "targetRevision": good.revision if good else None,
                "autoRollbackConfiguration": self.auto_rollback or {"enabled": False, "events": []},
                "lastSuccessfulDeployment": good.summary() if good else None,
                "lastAttemptedDeployment": last.summary() if last else None,
                "deploymentStyle": {
                    "deploymentType": "IN_PLACE",
                    "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
                },
                "computePlatform": "Server",
            }
        )


def _moment(at: float | None) -> float | None:
    return None if at is None else round(at, 3)
