"""Diagnosis of harm: what the alarms of a deployed service say, and how surely one deployment is to blame."""

from collections.abc import Iterator, Sequence

from selfheal.diagnose.fingerprint import fingerprint
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import ALARM, Cause, Diagnosis, EvidenceLine
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.harm import Alarm, Harm

MAX_EVIDENCE = 12
MAX_EVIDENCE_CHARS = 300
# An alarm says that users are hurt, not by what: the deployment is the one known change, or one of several.
SOLE_SUSPECT = 0.9
ONE_OF_SEVERAL = 0.6
SHOWN_DATAPOINTS = 5
MINUTE = 60


def diagnose_harm(harms: Sequence[Harm], redactor: Redactor) -> Diagnosis:
    """The diagnosis of a harmful deployment; everything in it is redacted. Raises InvalidEvent without an alarm.

    Whether another attempt of the same version could do better is not known, so ``transient`` is None.
    """
    if not harms:
        raise InvalidEvent("incident_id", "is of a harmful deployment, but no alarm was noted for it")
    first = min(harms, key=lambda harm: harm.alarm.since)
    lines = [redactor.redact_on_one_line(line)[:MAX_EVIDENCE_CHARS] for line in _lines(harms)]
    names = redactor.redact_on_one_line(", ".join(harm.alarm.name for harm in harms))
    return Diagnosis(
        cause=Cause.DEPLOY_FAILURE,
        transient=None,
        confidence=ONE_OF_SEVERAL if any(harm.rivals for harm in harms) else SOLE_SUSPECT,
        source=ALARM,
        fingerprint=fingerprint(Cause.DEPLOY_FAILURE, ALARM, first.alarm.name),
        summary=f"What was deployed is harming users: {names[:MAX_EVIDENCE_CHARS]} went off {_when(first)}",
        evidence=tuple(EvidenceLine(0, line) for line in lines[:MAX_EVIDENCE]),
    )


def _lines(harms: Sequence[Harm]) -> Iterator[str]:
    for harm in harms:
        yield f"alarm {harm.alarm.name} went off {_when(harm)} ({harm.alarm.since.isoformat(timespec='seconds')})"
        if harm.alarm.datapoints:
            yield _values(harm.alarm)
        if harm.alarm.reason:
            yield f"CloudWatch says: {harm.alarm.reason}"
    for rival in dict.fromkeys(rival for harm in harms for rival in harm.rivals):
        yield f"{rival} was deployed in the same window and may be to blame as well"


def _values(alarm: Alarm) -> str:
    shown = ", ".join(f"{value:g}" for value in alarm.datapoints[-SHOWN_DATAPOINTS:])
    against = "" if alarm.threshold is None else f"; the threshold is {alarm.threshold:g}"
    return f"latest values: {shown}{against}"


def _when(harm: Harm) -> str:
    seconds = harm.after_seconds
    if seconds < 0:
        return "while it was being deployed"
    return f"{seconds:.0f} s after the end of the deployment" if seconds < MINUTE else _minutes(seconds)


def _minutes(seconds: float) -> str:
    return f"{seconds / MINUTE:.0f} min after the end of the deployment"
