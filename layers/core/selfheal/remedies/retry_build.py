"""retry_build: the same build once more, with everything it was started with (RetryBuild)."""

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run
from selfheal.remedies.builds import READS_BUILDS, STOP_THE_BUILD, lost, not_again
from selfheal.remedy_ports import Tools

preflight, find = not_again, lost

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
    iam_actions=READS_BUILDS | {"codebuild:RetryBuild"},
    undo=STOP_THE_BUILD,
)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    del tools
    return Plan(REMEDY.id, run.ref.run_id, run.source_version)


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule."""
    del run
    return tools.builds.retry(plan.target, token)
