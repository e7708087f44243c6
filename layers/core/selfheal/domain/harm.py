"""Harm: an alarm that went off while a deployment was baking. Pure: which deployment is to blame, and how surely."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus, Service

# A deployment that ended so long before the next one began, without an alarm, has proven itself.
PROVEN = timedelta(minutes=10)


class AlarmState(StrEnum):
    """What CloudWatch says of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as CloudWatch describes it. ``since`` is when it went into its state, ``reason`` CloudWatch's words.

    ``datapoints`` are the latest values it was judged by, oldest first, in the metric's unit, and ``threshold`` what
    they were held against; a composite alarm has neither.
    """

    name: str
    state: AlarmState
    since: datetime
    reason: str = ""
    datapoints: tuple[float, ...] = ()
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Harm:
    """What ties an alarm to the deployment of an incident, as it was found when the alarm went off.

    ``after_seconds`` is counted from the deployment's end, negative when it was still under way. ``rivals`` are the
    other runs in whose bake window the alarm went off and that had not proven themselves: they may be to blame as well.
    """

    alarm: Alarm
    after_seconds: float
    rivals: tuple[str, ...] = ()


class Unblamed(StrEnum):
    """Why an alarm that rings is nobody's fault that Selfheal could mend."""

    OUTSIDE_WINDOW = "no deployment was baking when it went off"
    NOT_SUCCEEDED = (
        "the latest deployment did not succeed, which is an incident of its own or a person's doing"
    )
    ROLLBACK = "the latest deployment is itself a rollback"


def baking(run: Measurement, at: datetime, bake: timedelta) -> bool:
    """Whether ``at`` lies between the run's start and the end of its bake window. What never ran deploys nothing."""
    return run.status is not RunStatus.SUPERSEDED and run.started_at <= at <= run.ended_at + bake


def unproven(blamed: Measurement, others: Iterable[Measurement]) -> list[Measurement]:
    """Those of the others that had not baked quietly for long enough when the blamed one began."""
    return [other for other in others if other.ended_at > blamed.started_at - PROVEN]


def deployed_in(stage: Measurement, runs: Iterable[Measurement]) -> list[Measurement]:
    """The deployments of these that the stage made, as far as times tell: they began and ended while it was at work.
    Empty for what is no stage."""
    if stage.pipeline.service is not Service.CODEPIPELINE:
        return []
    deployments = (run for run in runs if run.pipeline.service is Service.CODEDEPLOY)
    return [
        run for run in deployments if stage.started_at <= run.started_at and run.ended_at <= stage.ended_at
    ]


def one_release(one: Measurement, other: Measurement) -> bool:
    """Whether one of the two is a stage and the other the deployment that it made."""
    return bool(deployed_in(one, [other]) or deployed_in(other, [one]))


def newest_first(runs: Iterable[Measurement]) -> list[Measurement]:
    """Each run once, the one that ended last first."""
    once = {run.run_id: run for run in runs}
    return sorted(once.values(), key=lambda run: (run.ended_at, run.run_id), reverse=True)
