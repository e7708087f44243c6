"""retry_build_clean: drop the project's cache and build the same commit without one."""

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run
from selfheal.remedies.builds import READS_BUILDS, lost, not_anew
from selfheal.remedy_ports import Overrides, Tools

preflight, find = not_anew, lost

REMEDY = Remedy(
    id="retry_build_clean",
    summary="drop the build cache and build the same commit without it",
    causes=frozenset({Cause.INFRA_FLAKE, Cause.DEPENDENCY_RESOLUTION, Cause.DISK_FULL}),
    risk=Risk.CHANGES,
    iam_actions=READS_BUILDS | {"codebuild:InvalidateProjectCache", "codebuild:StartBuild"},
    undo="none needed: the next ordinary build fills the cache again",
    suspect=Suspect.CACHE,
)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    del tools
    return Plan(REMEDY.id, run.ref.run_id, run.source_version, {"cache": "none"})


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule. Both calls can be repeated: a cache is dropped twice, a token starts one build."""
    project = run.ref.key.name
    tools.builds.drop_cache(project)
    return tools.builds.start(project, plan.commit, Overrides(no_cache=True), token)
