"""What requests to CodeDeploy ask for: their checks, and what matches their filters."""

from __future__ import annotations

from collections.abc import Iterable

from local.devtools.builds import ACCOUNT, REGION
from local.devtools.deployments import DEPLOYMENT_CONFIG, ROLLBACK_EVENT, Deployment, Group
from local.devtools.errors import ServiceError, invalid_input
from local.devtools.source import repository_path
from local.devtools.wire import Json


def application_arn(application: str, group: str | None = None) -> str:
    """The ARN of an application, or of a deployment group of it."""
    resource = f"application:{application}" if group is None else f"deploymentgroup:{application}/{group}"
    return f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:{resource}"


def deployment_config_arn() -> str:
    """The ARN of the one deployment configuration that there is here."""
    return f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentconfig:{DEPLOYMENT_CONFIG}"


def refuse_others(params: Json, known: set[str]) -> None:
    """Refuse a request with members that the simulator does not know."""
    others = sorted(params.keys() - known)
    if others:
        raise invalid_input(f"{others[0]}: not offered by the simulator; leave it out")


def check_computing(params: Json) -> None:
    """Refuse applications that are not deployed to servers."""
    if params.get("computePlatform", "Server") != "Server":
        raise ServiceError("InvalidComputePlatformException", "computePlatform: the simulator offers Server")


def check_rollback(params: Json) -> Json:
    """The automatic rollback that a request configures; an empty one when it says nothing."""
    configuration: Json = params.get("autoRollbackConfiguration", {})
    events = set(configuration.get("events", []))
    if configuration.get("enabled") and not events:
        message = "autoRollbackConfiguration.events: at least one event is needed"
        raise ServiceError("InvalidAutoRollbackConfigException", message)
    if others := sorted(events - set(ROLLBACK_EVENT.values())):
        message = f"autoRollbackConfiguration.events: the simulator does not offer {others[0]}"
        raise ServiceError("InvalidAutoRollbackConfigException", message)
    return configuration


def named_revision(params: Json) -> tuple[str, str, Json]:
    """Application, group and revision of a CreateDeployment request, of which the model requires only the first."""
    if "deploymentGroupName" not in params:
        raise ServiceError("DeploymentGroupNameRequiredException", "deploymentGroupName is required")
    if "revision" not in params:
        raise ServiceError("RevisionRequiredException", "revision is required")
    return params["applicationName"], params["deploymentGroupName"], params["revision"]


def check_revision(revision: Json) -> None:
    """Refuse a revision that is not a commit of a local repository."""
    location = revision.get("gitHubLocation", {})
    if revision.get("revisionType") != "GitHub" or repository_path(location.get("repository", "")) is None:
        raise ServiceError(
            "InvalidRevisionException",
            "revision: the simulator deploys revisionType GitHub; "
            "gitHubLocation.repository is the absolute path of a local git repository",
        )


def listed(deployment: Deployment, params: Json) -> bool:
    """Whether a ListDeployments request asks for this one."""
    window = params.get("createTimeRange", {})
    return (
        params.get("applicationName", deployment.application) == deployment.application
        and params.get("deploymentGroupName", deployment.group) == deployment.group
        and deployment.status in params.get("includeOnlyStatuses", [deployment.status])
        and window.get("start", 0) <= deployment.created <= window.get("end", float("inf"))
    )


def revisions(groups: Iterable[Group], params: Json) -> list[Json]:
    """The revisions that were deployed to these groups, each once, as a ListApplicationRevisions request sorts them.

    A revision is registered when it is deployed first.
    """
    groups = list(groups)
    targets = [group.last_good.revision for group in groups if group.last_good]
    deployed = sorted((item for group in groups for item in group.deployments), key=lambda item: item.created)
    if params.get("sortBy") == "lastUsedTime":
        deployed.reverse()
    found: list[Json] = []
    for item in deployed:
        if item.revision not in found:
            found.append(item.revision)
    # Both lists are by now ascending or descending by the time that is asked for.
    ascending = params.get("sortBy") != "lastUsedTime"
    if (params.get("sortOrder", "ascending") == "ascending") != ascending:
        found.reverse()
    wanted = params.get("deployed", "ignore")
    return [item for item in found if wanted == "ignore" or (item in targets) == (wanted == "include")]
