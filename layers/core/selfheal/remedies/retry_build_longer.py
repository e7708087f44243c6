"""retry_build_longer: build the same commit with twice the time, when it was slow rather than stuck."""

from datetime import timedelta
from statistics import median

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run, RunStatus
from selfheal.remedies.builds import READS_BUILDS, STOP_THE_BUILD, lost, not_anew
from selfheal.remedy_ports import Overrides, Tools

find = lost

REMEDY = Remedy(
    id="retry_build_longer",
    summary="build the same commit again with twice the time limit",
    causes=frozenset({Cause.TIMEOUT}),
    risk=Risk.SPENDS,
    iam_actions=READS_BUILDS | {"codebuild:StartBuild"},
    undo=f"{STOP_THE_BUILD} (the project keeps its time limit)",
    needs_transient=False,
    made_for=frozenset({Cause.TIMEOUT}),
)

LONGEST_MINUTES = 2160  # CodeBuild's own limit; 15 minutes for builds on Lambda
LOOK_BACK = timedelta(days=30)
# A project whose good builds need half of their limit can miss it by being slow; one that needs less was stuck.
SLOW_SHARE = 0.5


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule."""
    if reason := not_anew(run, tools):
        return reason
    if run.status is not RunStatus.TIMED_OUT:
        return "the build did not reach its own time limit: a longer one would change nothing"
    details = tools.builds.details(run.ref.run_id)
    if "LAMBDA" in details.environment_type or details.timeout_minutes >= LONGEST_MINUTES:
        return f"{details.timeout_minutes} minutes are all that CodeBuild allows such a build"
    return _stuck(run, tools)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    minutes = min(2 * tools.builds.details(run.ref.run_id).timeout_minutes, LONGEST_MINUTES)
    return Plan(REMEDY.id, run.ref.run_id, run.source_version, {"timeout_minutes": str(minutes)})


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule."""
    overrides = Overrides(timeout_minutes=int(plan.parameters["timeout_minutes"]))
    return tools.builds.start(run.ref.key.name, plan.commit, overrides, token)


def _stuck(run: Run, tools: Tools) -> str:
    """Why more time would not help: what the project's good builds took tells a slow build from one that hangs."""
    recent = tools.builds.started_since(run.ref.key.name, run.started_at - LOOK_BACK)
    good = [r.duration_seconds for r in recent if r.status is RunStatus.SUCCEEDED and r.duration_seconds]
    if not good:
        return "no good build of the last 30 days shows how long it should take"
    # What a build that ran out of its time was given is what it took once it no longer waited.
    usual, given = median(good) / 60, ((run.duration_seconds or 0) - (run.queued_seconds or 0)) / 60
    if usual < SLOW_SHARE * given:
        return f"good builds take {usual:.1f} of the {given:.1f} minutes it had: this one was stuck, not slow"
    return ""
