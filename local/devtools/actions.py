"""What the actions of a pipeline do: find a commit, build it, deploy it."""

from __future__ import annotations

import threading
import time

from local.devtools.builds import Build
from local.devtools.codebuild import CodeBuild
from local.devtools.codedeploy import CodeDeploy
from local.devtools.deployments import SUCCEEDED as DEPLOYED
from local.devtools.errors import ServiceError
from local.devtools.executions import ActionExecution, Execution, Failure, Revision
from local.devtools.phases import SUCCEEDED
from local.devtools.pipelines import ActionRunner
from local.devtools.source import SourceError, author_of, latest_commit, repository_path
from local.devtools.wire import Json

NOTICE_SECONDS = 2.0
FAILED, MISCONFIGURED = "JobFailed", "ConfigurationError"
REPOSITORY_MEMBER = {"CodeStarSourceConnection": "FullRepositoryId", "CodeCommit": "RepositoryName"}
CONFIGURATION = {
    **{provider: {member, "BranchName"} for provider, member in REPOSITORY_MEMBER.items()},
    "CodeBuild": {"ProjectName"},
    "CodeDeploy": {"ApplicationName", "DeploymentGroupName"},
}
OPTIONAL = {"ConnectionArn", "PollForSourceChanges", "DetectChanges", "OutputArtifactFormat", "PrimarySource"}


def check_action(action: Json) -> None:
    """Refuse an action that the simulator cannot carry out as declared."""
    provider, configuration = action["actionTypeId"]["provider"], action.get("configuration", {})
    wanted = CONFIGURATION.get(provider)
    if wanted is None:
        raise _refused(
            f"action {action['name']}: the simulator offers the providers {', '.join(CONFIGURATION)}"
        )
    missing, others = wanted - configuration.keys(), configuration.keys() - wanted - OPTIONAL
    if missing or others:
        raise _refused(
            f"action {action['name']}: configuration needs {', '.join(sorted(wanted))}"
            + (f"; not offered: {', '.join(sorted(others))}" if others else "")
        )
    member = REPOSITORY_MEMBER.get(provider)
    if member and repository_path(configuration[member]) is None:
        raise _refused(
            f"action {action['name']}: {member} must be the absolute path of a local git repository"
        )


def action_runners(codebuild: CodeBuild, codedeploy: CodeDeploy) -> dict[str, ActionRunner]:
    """How each provider's actions are carried out."""

    def build(execution: Execution, action: ActionExecution) -> Failure | None:
        return _build(codebuild, execution, action)

    def deploy(execution: Execution, action: ActionExecution) -> Failure | None:
        return _deploy(codedeploy, execution, action)

    return {**dict.fromkeys(REPOSITORY_MEMBER, _find_source), "CodeBuild": build, "CodeDeploy": deploy}


def _find_source(execution: Execution, action: ActionExecution) -> Failure | None:
    configuration = action.declaration["configuration"]
    provider = action.declaration["actionTypeId"]["provider"]
    location = configuration[REPOSITORY_MEMBER[provider]]
    try:
        commit = latest_commit(location, configuration["BranchName"])
        action.variables = _told_of(provider, location, configuration["BranchName"], commit)
    except SourceError as error:
        return MISCONFIGURED, str(error)
    execution.found(Revision(action.name, location, commit))
    action.external_id = commit
    return None


def _told_of(provider: str, location: str, branch: str, commit: str) -> Json:
    """The variables of a source action. Only connections tell more of the author than when he wrote."""
    date, address, name = author_of(location, commit)
    told = {"AuthorDate": date, "BranchName": branch, "CommitId": commit}
    if provider == "CodeCommit":
        return told | {"RepositoryName": location}
    return told | {"FullRepositoryName": location, "AuthorEmail": address, "AuthorDisplayName": name}


def _build(codebuild: CodeBuild, execution: Execution, action: ActionExecution) -> Failure | None:
    revision = execution.revisions[0]
    request = {
        "projectName": action.declaration["configuration"]["ProjectName"],
        "sourceTypeOverride": "CODEPIPELINE",
        "sourceLocationOverride": revision.location,
        "sourceVersion": revision.commit,
    }
    try:
        build = codebuild.start(codebuild.plan(request), f"codepipeline/{execution.pipeline}")
    except ServiceError as error:
        return MISCONFIGURED, error.message
    action.external_id = build.id
    action.log_stream = build.wire()["logs"]["cloudWatchLogsArn"]
    _notice(build.done)
    if build.status == SUCCEEDED:
        return None
    return FAILED, f"Build terminated with state: {build.status}{_why(build)}"


def _notice(done: threading.Event) -> None:
    """Wait until what an action started is over and CodePipeline has heard of it: after the service's own event."""
    done.wait()
    time.sleep(NOTICE_SECONDS)


def _why(build: Build) -> str:
    for phase in build.phases:
        for code, message in phase.contexts:
            if code:
                return f". Phase: {phase.name}, Code: {code}, Message: {message}"
    return ""


def _deploy(codedeploy: CodeDeploy, execution: Execution, action: ActionExecution) -> Failure | None:
    revision, configuration = execution.revisions[0], action.declaration["configuration"]
    location = {"repository": revision.location, "commitId": revision.commit}
    try:
        deployment = codedeploy.deploy(
            configuration["ApplicationName"],
            configuration["DeploymentGroupName"],
            {"revisionType": "GitHub", "gitHubLocation": location},
        )
    except ServiceError as error:
        return MISCONFIGURED, error.message
    action.external_id = deployment.id
    _notice(deployment.done)
    if deployment.status == DEPLOYED:
        return None
    return FAILED, f"Deployment {deployment.id} failed: {deployment.error[1] if deployment.error else ''}"


def _refused(message: str) -> ServiceError:
    return ServiceError("InvalidActionDeclarationException", message)
