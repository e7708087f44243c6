"""Checks that more than one remedy makes before it touches a build."""

from selfheal.domain.run import Run, Service
from selfheal.remedy_ports import Tools


def build_again(run: Run, tools: Tools) -> str:
    """Why this run must not be built again; empty when it may."""
    if run.ref.key.service is not Service.CODEBUILD:
        return f"{run.ref.key} is not a CodeBuild project"
    if run.initiator.startswith("codepipeline/"):
        return "CodeBuild does not retry builds that CodePipeline started: the stage has to be retried"
    if not run.status.failed:
        return f"the build is {run.status}: only a failed build is retried"
    return _already_again(run, tools)


def _already_again(run: Run, tools: Tools) -> str:
    for other in tools.builds.started_since(run.ref.key.name, run.started_at):
        newer = other.ref != run.ref and other.started_at > run.started_at
        if newer and run.source_version and other.source_version == run.source_version:
            return f"{other.initiator or 'somebody'} already built this commit again ({other.ref.run_id})"
    return ""
