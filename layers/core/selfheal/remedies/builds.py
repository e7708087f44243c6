"""What the remedies that build again have in common: the checks before, and the search for a build that was lost."""

from collections.abc import Iterator
from datetime import datetime

from selfheal.domain.remedy import TAG_KEY, TAG_VALUE
from selfheal.domain.run import Run
from selfheal.remedy_ports import BuildDetails, Tools

READS_BUILDS = frozenset(
    {"codebuild:BatchGetBuilds", "codebuild:BatchGetProjects", "codebuild:ListBuildsForProject"}
)
STOP_THE_BUILD = "stop the new build: aws codebuild stop-build --id BUILD"


def untagged(kind: str, name: str) -> str:
    """Why something without the tag is left alone."""
    return f"the {kind} {name} is not tagged {TAG_KEY}={TAG_VALUE}, so Selfheal may not touch it"


def not_again(run: Run, tools: Tools) -> str:
    """Why this build must not be built again; empty when it may."""
    if run.pipeline:
        return "CodeBuild does not retry builds that CodePipeline started: the stage has to be retried"
    if not run.status.failed:
        return f"the build is {run.status}: only a failed build is retried"
    return _forbidden(run, tools.builds.details(run.ref.run_id)) or _overtaken(run, tools)


def not_anew(run: Run, tools: Tools) -> str:
    """The same for a build that is started anew. It knows only the project, so nothing may hang on how the old one
    was started."""
    if reason := not_again(run, tools):
        return reason
    if not run.source_version:
        return "the build's commit is not known, so it cannot be built again exactly"
    if difference := tools.builds.details(run.ref.run_id).difference:
        return f"the build was started with what the project alone does not give ({difference})"
    return ""


def lost(run: Run, tools: Tools, since: datetime) -> Iterator[str]:
    """The builds of this commit that Selfheal started since then, newest first.

    CodeBuild remembers an idempotency token for five minutes only; after that it protects nobody.
    """
    for other in tools.builds.started_since(run.ref.key.name, since):
        ours = other.initiator.endswith(f"/{tools.case.actor}")
        # A build that has not fetched its source yet has no commit; ours since the intent is ours.
        if ours and other.source_version in (run.source_version, ""):
            yield other.ref.run_id


def _forbidden(run: Run, details: BuildDetails) -> str:
    if not details.tagged:
        return untagged("project", run.ref.key.name)
    if details.native_retries_left:
        return (
            f"CodeBuild itself will repeat this build ({details.native_retries_left} automatic retries left)"
        )
    if details.unapproved_pull_request:
        return "the build is of a pull request that nobody had to approve: it may be a stranger's code"
    return ""


def _overtaken(run: Run, tools: Tools) -> str:
    for other in tools.builds.started_since(run.ref.key.name, run.started_at):
        newer = other.ref != run.ref and other.started_at > run.started_at
        if newer and run.source_version and other.source_version == run.source_version:
            return f"{other.initiator or 'somebody'} already built this commit again ({other.ref.run_id})"
        if newer and run.branch and other.branch == run.branch:
            return f"superseded: {other.ref.run_id} builds a newer commit of {run.branch}"
    return ""
