"""Experiments: what the outcome of another attempt teaches about the first failure, and where that is noted."""

from dataclasses import dataclass

from selfheal.domain.action import ActionStatus, OutcomeStatus
from selfheal.domain.diagnosis import Diagnosis
from selfheal.domain.experiment import Label, LabelledFailure, label_of
from selfheal.domain.incident import Incident
from selfheal.ports import FailureMemory
from selfheal.record_ports import Labels
from selfheal.remedies.registry import remedy_module
from selfheal.steps.state import HealState

SIGHTINGS = 20


@dataclass(frozen=True, slots=True)
class Experiments:
    """Labels failures. The labels come from what runs did, never from what a log or a person says."""

    failures: FailureMemory
    labels: Labels

    def label(self, state: HealState, incident: Incident, outcome: OutcomeStatus) -> Label:
        """What the outcome shows the failure to have been; NONE when there was no experiment."""
        if state.diagnosis is None or state.action is None or state.action.status is not ActionStatus.STARTED:
            return Label.NONE
        return label_of(
            state.diagnosis,
            remedy_module(state.action.remedy).REMEDY,
            outcome,
            state.examined.fingerprint if state.examined else "",
            repeated=self._repeated(incident, state.diagnosis),
        )

    def note(self, state: HealState, incident: Incident, label: Label) -> None:
        """Note a label with the failure, for the next diagnosis of its kind, and in the lake, for training. The same
        again changes nothing."""
        if label is Label.NONE or state.diagnosis is None or state.action is None:
            return
        self.failures.label(incident.run.run_id, label)
        self.labels.put(
            LabelledFailure(
                run_id=incident.run.run_id,
                pipeline=incident.run.key,
                opened_at=incident.opened_at,
                source_version=incident.lineage.source_version,
                fingerprint=state.diagnosis.fingerprint,
                cause=state.diagnosis.cause,
                remedy=state.action.remedy,
                label=label,
                new_run_id=state.action.new_run_id,
            )
        )

    def _repeated(self, incident: Incident, diagnosis: Diagnosis) -> bool:
        """Whether an attempt of the same commit before this one failed in the same way."""
        seen = self.failures.seen(incident.run.key, diagnosis.fingerprint, SIGHTINGS)
        own = next((each.started_at for each in seen if each.run_id == incident.run.run_id), None)
        return any(
            each.source_version == incident.lineage.source_version
            and own is not None
            and each.started_at < own
            for each in seen
        )
