"""Running a deployment: the hooks of a revision, one after the other on the group's host."""

from __future__ import annotations

import shlex
import shutil
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from local.devtools.appspec import AppspecError, Hook, parse_appspec
from local.devtools.deployments import FAILED, IN_PROGRESS, STOPPED, SUCCEEDED, Deployment
from local.devtools.hosts import Host
from local.devtools.shell import CutShortError, Shell
from local.devtools.source import SourceError, checkout
from local.devtools.variables import host_variables

TAIL_LINES = 5
STOP, INSTALL = "ApplicationStop", "Install"
BEFORE_INSTALL = (STOP, "BeforeInstall")
Changed = Callable[[Deployment, str, tuple[str, str] | None], None]


class DeploymentError(Exception):
    """A deployment came to a bad end: its status, and the code and message of its error."""

    def __init__(self, code: str, message: str, status: str = FAILED) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class DeploymentRun:
    """Checks the revision out below ``directory`` and deploys it; ``changed`` is told each new state and error."""

    def __init__(self, deployment: Deployment, host: Host, directory: Path, changed: Changed) -> None:
        self._deployment, self._host, self._changed = deployment, host, changed
        self._root = directory / deployment.id
        self._bundle = self._root / "revision"
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    def start(self) -> None:
        name = f"deployment-{self._deployment.id}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        deployment = self._deployment
        self._changed(deployment, IN_PROGRESS, None)
        # An error of the simulator itself must not leave a deployment running for ever.
        status, error = FAILED, ("INTERNAL_ERROR", "The simulator failed; see its own log.")
        try:
            self._deploy()
            status = SUCCEEDED
        except DeploymentError as failure:
            status, error = failure.status, (failure.code, failure.message)
        finally:
            shutil.rmtree(self._root, ignore_errors=True)
            self._changed(deployment, status, None if status == SUCCEEDED else error)
            deployment.done.set()

    def _deploy(self) -> None:
        location = self._deployment.revision["gitHubLocation"]
        try:
            self._host.prepare()
            for name in ("tmp", "shell", "revision"):
                (self._root / name).mkdir(parents=True)
            checkout(location["repository"], location.get("commitId"), self._bundle)
            spec = parse_appspec((self._bundle / "appspec.yml").read_text())
            self._run_hooks(hook for hook in self._host.stopping().hooks if hook.event == STOP)
            self._run_hooks(hook for hook in spec.hooks if hook.event in BEFORE_INSTALL[1:])
            if spec.files:
                self._deployment.begin_step(INSTALL)
                self._host.install(self._bundle, spec.files)
                self._deployment.end_step(INSTALL, SUCCEEDED)
            self._run_hooks(hook for hook in spec.hooks if hook.event not in BEFORE_INSTALL)
            self._host.keep(self._bundle)
        except (SourceError, AppspecError, OSError) as error:
            raise DeploymentError("INVALID_REVISION", f"The revision cannot be deployed: {error}") from error

    def _run_hooks(self, hooks: Iterator[Hook]) -> None:
        for hook in hooks:
            self._deployment.begin_step(hook.event)
            failure = self._failure_of(hook)
            self._deployment.end_step(hook.event, FAILED if failure else SUCCEEDED)
            if self._deployment.stop.is_set():
                raise DeploymentError("MANUAL_STOP", "The deployment was stopped.", STOPPED)
            if failure:
                said = f"{hook.event}: {hook.location} {failure}: {' | '.join(self._tail)}"
                raise DeploymentError("HEALTH_CONSTRAINTS", f"Too few healthy instances are left. {said}")

    def _failure_of(self, hook: Hook) -> str:
        bundle = self._host.archive if hook.event == STOP else self._bundle
        script = (bundle / hook.location).resolve()
        if not script.is_relative_to(bundle.resolve()) or not script.is_file():
            return "is not a file of the revision"
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        self._tail.clear()
        scratch, stop = self._root / "shell", self._deployment.stop
        shell = Shell("sh", bundle, self._variables(hook), scratch, self._tail.append, stop)
        try:
            status = shell.run(shlex.quote(str(script)), time.time() + hook.timeout)
        except CutShortError:
            return f"did not end within {hook.timeout} s"
        finally:
            shell.close()
        return f"failed with exit code {status}" if status else ""

    def _variables(self, hook: Hook) -> dict[str, str]:
        return {
            **host_variables(self._root),
            **self._host.variables(),
            "APPLICATION_NAME": self._deployment.application,
            "DEPLOYMENT_GROUP_NAME": self._deployment.group,
            "DEPLOYMENT_GROUP_ID": self._deployment.group_id,
            "DEPLOYMENT_ID": self._deployment.id,
            "LIFECYCLE_EVENT": hook.event,
        }
