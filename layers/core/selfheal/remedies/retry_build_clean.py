"""retry_build_clean: drop the project's cache, and build the same commit without one or run the stage again."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, Service
from selfheal.remedies import retry_stage
from selfheal.remedies.builds import READS_BUILDS, lost, not_anew, untagged
from selfheal.remedy_ports import Overrides, Tools

REMEDY = Remedy(
    id="retry_build_clean",
    summary="drop the build cache and build the same commit without it",
    causes=frozenset({Cause.INFRA_FLAKE, Cause.DEPENDENCY_RESOLUTION, Cause.DISK_FULL}),
    risk=Risk.CHANGES,
    iam_actions=READS_BUILDS
    | {"codebuild:InvalidateProjectCache", "codebuild:StartBuild"}
    | retry_stage.REMEDY.iam_actions,
    undo="none needed: the next ordinary build fills the cache again",
    services=frozenset({Service.CODEBUILD, Service.CODEPIPELINE}),
    suspect=Suspect.CACHE,
)


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule. A build of a pipeline has its source from there: only its stage can build it again."""
    if run.ref.key.service is not Service.CODEBUILD:
        return "a stage has no cache of its own: its build has, and is an incident of its own"
    if not run.pipeline:
        return not_anew(run, tools)
    if not tools.builds.details(run.ref.run_id).tagged:
        return untagged("project", run.ref.key.name)
    return retry_stage.preflight(run, tools)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    if not run.pipeline:
        return Plan(REMEDY.id, run.ref.run_id, run.source_version, {"cache": "none"})
    of_stage = retry_stage.plan(run, tools)
    return replace(of_stage, remedy=REMEDY.id, parameters={**of_stage.parameters, "cache": "dropped"})


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule. Both calls can be repeated: a cache is dropped twice, a token starts one build, and a stage
    that is at work is not retried."""
    project = run.ref.key.name
    tools.builds.drop_cache(project)
    if run.pipeline:
        return retry_stage.start(plan, run, tools, token)
    return tools.builds.start(project, plan.commit, Overrides(no_cache=True), token)


def find(run: Run, tools: Tools, since: datetime) -> Iterable[str]:
    """See RemedyModule."""
    return retry_stage.find(run, tools, since) if run.pipeline else lost(run, tools, since)
