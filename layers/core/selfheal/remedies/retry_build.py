"""retry_build: the same build once more, with everything it was started with (RetryBuild)."""

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run
from selfheal.remedies.preflight import build_again
from selfheal.remedy_ports import Tools

REMEDY = Remedy(
    id="retry_build",
    summary="build the same commit again, unchanged",
    causes=frozenset(
        {
            Cause.INFRA_FLAKE,
            Cause.FLAKY_TEST,
            Cause.NETWORK,
            Cause.EXTERNAL_SERVICE,
            Cause.TIMEOUT,
            Cause.OOM,  # how much memory and disk are left also depends on what else runs on the host
            Cause.DISK_FULL,
        }
    ),
    risk=Risk.REPEATS,
    iam_actions=frozenset(
        {"codebuild:RetryBuild", "codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject"}
    ),
    undo="stop the new build: aws codebuild stop-build --id BUILD",
)


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule."""
    return build_again(run, tools)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    del tools
    return Plan(REMEDY.id, run.ref.run_id, run.source_version)


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule."""
    del run
    return tools.builds.retry(plan.target, token)
