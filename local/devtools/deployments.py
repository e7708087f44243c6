"""Deployments: the hooks of a revision, run one after the other on this host."""

from __future__ import annotations

import shlex
import shutil
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from local.devtools.appspec import AppspecError, Hook, parse_appspec
from local.devtools.builds import present
from local.devtools.shell import CutShortError, Shell
from local.devtools.source import SourceError, checkout
from local.devtools.variables import host_variables
from local.devtools.wire import Json

TAIL_LINES = 5
TARGET = "i-simulated"
ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass
class Deployment:
    """One deployment of a revision to a deployment group; times are epoch seconds."""

    id: str
    application: str
    group: str
    group_id: str
    revision: Json
    created: float
    description: str = ""
    status: str = "Created"
    started: float | None = None
    completed: float | None = None
    error: tuple[str, str] | None = None
    steps: dict[str, Json] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def begin_step(self, event: str) -> None:
        """Note that the first hook of a lifecycle event begins."""
        first = {"lifecycleEventName": event, "startTime": round(time.time(), 3), "status": "InProgress"}
        self.steps.setdefault(event, first)

    def end_step(self, event: str, status: str) -> None:
        """Note that a hook of a lifecycle event ended; the last one's end is the event's."""
        self.steps[event] |= {"endTime": round(time.time(), 3), "status": status}

    def target(self) -> Json:
        """This host as BatchGetDeploymentTargets shows it."""
        instance = {
            "deploymentId": self.id,
            "targetId": TARGET,
            "status": self.status if self.status in ("InProgress", "Succeeded", "Failed") else "Unknown",
            "lifecycleEvents": list(self.steps.values()),
        }
        return {"deploymentTargetType": "InstanceTarget", "instanceTarget": instance}

    def wire(self) -> Json:
        """The deployment as GetDeployment shows it."""
        error = {"code": self.error[0], "message": self.error[1]} if self.error else None
        overview = {"Pending": 0, "InProgress": 0, "Succeeded": 0, "Failed": 0, "Skipped": 0, "Ready": 0}
        counted = self.status if self.status in overview else "Pending"
        return present(
            {
                "deploymentId": self.id,
                "applicationName": self.application,
                "deploymentGroupName": self.group,
                "deploymentConfigName": "CodeDeployDefault.OneAtATime",
                "revision": self.revision,
                "status": self.status,
                "errorInformation": error,
                "createTime": round(self.created, 3),
                "startTime": round(self.started, 3) if self.started else None,
                "completeTime": round(self.completed, 3) if self.completed else None,
                "deploymentOverview": overview | {counted: 1},
                "description": self.description,
                "creator": "user",
                "computePlatform": "Server",
            }
        )


class DeploymentRun:
    """Checks the revision out below ``directory`` and runs its hooks; ``changed`` hears of each new state."""

    def __init__(
        self, deployment: Deployment, directory: Path, changed: Callable[[Deployment], None]
    ) -> None:
        self._deployment, self._changed = deployment, changed
        self._root = directory / deployment.id
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    def start(self) -> None:
        name = f"deployment-{self._deployment.id}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        deployment = self._deployment
        deployment.status, deployment.started = "InProgress", time.time()
        self._changed(deployment)
        # An error of the simulator itself must not leave a deployment running for ever.
        status, error = "Failed", ("INTERNAL_ERROR", "The simulator failed; see its own log.")
        try:
            status, error = self._outcome()
        finally:
            shutil.rmtree(self._root, ignore_errors=True)
            deployment.error = None if status == "Succeeded" else error
            deployment.completed, deployment.status = time.time(), status
            self._changed(deployment)
            deployment.done.set()

    def _outcome(self) -> tuple[str, tuple[str, str]]:
        location = self._deployment.revision["gitHubLocation"]
        try:
            for name in ("home", "tmp", "shell", "revision"):
                (self._root / name).mkdir(parents=True)
            checkout(location["repository"], location.get("commitId"), self._root / "revision")
            hooks = parse_appspec((self._root / "revision" / "appspec.yml").read_text())
        except (SourceError, AppspecError, OSError) as error:
            return "Failed", ("INVALID_REVISION", f"The revision cannot be deployed: {error}")
        return self._run_hooks(hooks)

    def _run_hooks(self, hooks: tuple[Hook, ...]) -> tuple[str, tuple[str, str]]:
        for hook in hooks:
            self._deployment.begin_step(hook.event)
            failure = self._failure_of(hook)
            self._deployment.end_step(hook.event, "Failed" if failure else "Succeeded")
            if self._deployment.stop.is_set():
                return "Stopped", ("MANUAL_STOP", "The deployment was stopped.")
            if failure:
                tail = " | ".join(self._tail)
                message = (
                    f"Too few healthy instances are left. {hook.event}: {hook.location} {failure}: {tail}"
                )
                return "Failed", ("HEALTH_CONSTRAINTS", message)
        return "Succeeded", ("", "")

    def _failure_of(self, hook: Hook) -> str:
        revision = self._root / "revision"
        script = (revision / hook.location).resolve()
        if not script.is_relative_to(revision) or not script.is_file():
            return "is not a file of the revision"
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        self._tail.clear()
        shell = Shell(
            "sh",
            revision,
            self._variables(hook),
            self._root / "shell",
            self._tail.append,
            self._deployment.stop,
        )
        try:
            status = shell.run(shlex.quote(str(script)), time.time() + hook.timeout)
        except CutShortError:
            return f"did not end within {hook.timeout} s"
        finally:
            shell.close()
        return f"failed with exit code {status}" if status else ""

    def _variables(self, hook: Hook) -> dict[str, str]:
        return host_variables(self._root) | {
            "APPLICATION_NAME": self._deployment.application,
            "DEPLOYMENT_GROUP_NAME": self._deployment.group,
            "DEPLOYMENT_GROUP_ID": self._deployment.group_id,
            "DEPLOYMENT_ID": self._deployment.id,
            "LIFECYCLE_EVENT": hook.event,
        }
