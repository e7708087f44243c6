"""Earnings: what a remedy earns and loses by its outcomes: noted once an incident, told when it changes something."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from selfheal.domain.action import ActionStatus, OutcomeStatus
from selfheal.domain.autonomy import TELLING, Subject, Trial, change_of, trust_of
from selfheal.domain.diagnosis import Cause
from selfheal.domain.incident import Incident
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Autonomy
from selfheal.ports import IncidentStore, Ledger
from selfheal.record_ports import TrackRecords
from selfheal.steps.state import HealState


@dataclass(frozen=True, slots=True)
class Earnings:
    """Keeps the track records. Only outcomes count: no word of a log, a model or a person raises trust."""

    tracks: TrackRecords
    autonomy: Autonomy

    def change(self, state: HealState, incident: Incident, outcome: OutcomeStatus, at: datetime) -> str:
        """What the outcome changes in how far the remedy is trusted, in words for people; empty when nothing."""
        subject = subject_of(state, incident)
        if subject is None or outcome not in TELLING:
            return ""
        before = self.tracks.track(subject)
        after = before.with_trial(Trial(incident.id, at, outcome))
        was, becomes = trust_of(before, self.autonomy), trust_of(after, self.autonomy)
        return change_of(was, becomes, subject, self.autonomy)

    def note(self, state: HealState, incident: Incident, outcome: OutcomeStatus, at: datetime) -> None:
        """Note the outcome; ``at`` is the moment of the ledger's entry, so that noting it again changes nothing."""
        subject = subject_of(state, incident)
        if subject is not None and outcome in TELLING:
            self.tracks.note(subject, Trial(incident.id, at, outcome))


def subject_of(state: HealState, incident: Incident) -> Subject | None:
    """What was tried; None when nothing was started."""
    if state.diagnosis is None or state.action is None or state.action.status is not ActionStatus.STARTED:
        return None
    return Subject(incident.run.key, state.diagnosis.cause, state.action.remedy)


def rebuild(incidents: IncidentStore, ledger: Ledger, tracks: TrackRecords, limit: int) -> int:
    """Note again all that the ledger tells of the last ``limit`` incidents; gives how many trials those were."""
    found = [each for i in incidents.recent(limit) if (each := trial_in(i, ledger.entries(i.id)))]
    for subject, trial in found:
        tracks.note(subject, trial)
    return len(found)


def trial_in(incident: Incident, entries: Iterable[LedgerEntry]) -> tuple[Subject, Trial] | None:
    """What an incident's entries tell of the remedy that was tried; None when they tell nothing."""
    of = {entry.kind: entry for entry in entries}
    kinds = (LedgerKind.DIAGNOSED, LedgerKind.ACTION_STARTED, LedgerKind.OUTCOME)
    if any(kind not in of for kind in kinds):
        return None
    diagnosed, started, ended = (of[kind].data for kind in kinds)
    outcome = OutcomeStatus(str(ended["status"]))
    if started.get("status") != ActionStatus.STARTED or outcome not in TELLING:
        return None
    subject = Subject(incident.run.key, Cause(str(diagnosed["cause"])), str(started["remedy"]))
    return subject, Trial(incident.id, of[LedgerKind.OUTCOME].at, outcome)
