"""retry_build_clean: drop the project's cache and build the same commit without one."""

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run
from selfheal.remedies.preflight import build_again
from selfheal.remedy_ports import Tools

REMEDY = Remedy(
    id="retry_build_clean",
    summary="drop the build cache and build the same commit without it",
    causes=frozenset({Cause.INFRA_FLAKE, Cause.DEPENDENCY_RESOLUTION, Cause.DISK_FULL}),
    risk=Risk.CHANGES,
    iam_actions=frozenset(
        {
            "codebuild:InvalidateProjectCache",
            "codebuild:StartBuild",
            "codebuild:BatchGetBuilds",
            "codebuild:BatchGetProjects",
            "codebuild:ListBuildsForProject",
        }
    ),
    undo="none needed: the next ordinary build fills the cache again",
    suspect=Suspect.CACHE,
)


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule. A new build knows only the project, so nothing may hang on how the old one was started."""
    if reason := build_again(run, tools):
        return reason
    if not run.source_version:
        return "the build's commit is not known, so it cannot be built again exactly"
    if difference := tools.builds.differs_from_project(run.ref.run_id):
        return f"the build was started with what the project alone does not give ({difference})"
    return ""


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    del tools
    return Plan(REMEDY.id, run.ref.run_id, run.source_version, {"cache": "none"})


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule."""
    return tools.builds.start_clean(run.ref.key.name, plan.commit, token)
