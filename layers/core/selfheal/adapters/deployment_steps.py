"""CodeDeploy: how long the lifecycle events of a deployment took."""

from collections.abc import Iterator

from selfheal.adapters.calls import Client, Json, calling
from selfheal.domain.errors import RunNotFound
from selfheal.domain.run import seconds_between

# The most that one call takes. Of a larger fleet the first are measured.
TARGETS = 25
# A deployment that never reached a target, or whose targets are gone, has no steps.
_NO_TARGETS = dict.fromkeys(
    (
        "DeploymentDoesNotExistException",
        "DeploymentNotStartedException",
        "DeploymentTargetDoesNotExistException",
        "InstanceDoesNotExistException",
    ),
    "the deployment has no targets",
)


class CodeDeploySteps:
    """DeploymentSteps. Needs codedeploy:ListDeploymentTargets and codedeploy:BatchGetDeploymentTargets."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def seconds_of(self, deployment_id: str) -> dict[str, float]:
        """DeploymentSteps. Looks at 25 targets at most."""
        longest: dict[str, float] = {}
        for event in self._events(deployment_id):
            if event.get("status") == "Succeeded" and "startTime" in event and "endTime" in event:
                seconds = seconds_between(event["startTime"], event["endTime"])
                name = event["lifecycleEventName"]
                longest[name] = max(seconds, longest.get(name, seconds))
        return longest

    def _events(self, deployment_id: str) -> Iterator[Json]:
        for target in self._targets(deployment_id):
            # Which of its members a target has, depends on the platform: an instance, a function, a task set.
            for member in target.values():
                if isinstance(member, dict):
                    yield from member.get("lifecycleEvents", [])

    def _targets(self, deployment_id: str) -> list[Json]:
        try:
            with calling("codedeploy:ListDeploymentTargets", gone=_NO_TARGETS):
                reply = self._client.list_deployment_targets(deploymentId=deployment_id)
            ids = reply.get("targetIds", [])[:TARGETS]
            if not ids:
                return []
            with calling("codedeploy:BatchGetDeploymentTargets", gone=_NO_TARGETS):
                reply = self._client.batch_get_deployment_targets(deploymentId=deployment_id, targetIds=ids)
        except RunNotFound:
            return []
        found: list[Json] = reply.get("deploymentTargets", [])
        return found
