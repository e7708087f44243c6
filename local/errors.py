"""Errors of the local cloud and the demo. Each message says what failed and where to look."""

from pathlib import Path


class LocalCloudError(Exception):
    """Root of what can go wrong around the local cloud."""


class ToolMissing(LocalCloudError):
    """A program that is needed is not on the PATH. Names it."""


class CloudBusy(LocalCloudError):
    """Another command is starting, stopping or using the same local cloud. Says which process."""


class CloudNotRunning(LocalCloudError):
    """There is no running local cloud to talk to."""


class StepFailed(LocalCloudError):
    """A start-up step failed. The message holds the last lines of its log and the log's path."""

    def __init__(self, step: str, problem: str, log: Path) -> None:
        super().__init__(f"{step}: {problem}\n{_last_lines(log)}\nThe whole log: {log}")
        self.step = step
        self.log = log


class PortTaken(StepFailed):
    """A server could not have its port: another process listens there."""


class InvalidState(LocalCloudError):
    """The state file of the local cloud cannot be used. Names the field and the fix."""


class InvalidScenario(LocalCloudError):
    """A scenario's declaration cannot be used. Names the key and the fix."""


class ScenarioStuck(LocalCloudError):
    """A scenario did not come as far as it should in its time. Says how far, and where to look."""


def _last_lines(log: Path, count: int = 8) -> str:
    if not log.exists():
        return "  (it wrote no log)"
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return "\n".join(f"  {line}" for line in lines) or "  (its log is empty)"
