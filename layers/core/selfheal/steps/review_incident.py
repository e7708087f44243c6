"""review_incident: a person says whether an incident was a real one. Called by the command, not by the machine."""

from contextlib import suppress
from enum import StrEnum

from selfheal.domain.errors import RunNotFound
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.ports import Clock, IncidentStore, Ledger, RunStore


class Verdict(StrEnum):
    """What a person can say: its value is the kind of the ledger's entry."""

    CONFIRM = LedgerKind.CONFIRMED
    DISMISS = LedgerKind.DISMISSED


def review_incident(
    incident_id: str,
    verdict: Verdict,
    *,
    by: str,
    incidents: IncidentStore,
    ledger: Ledger,
    runs: RunStore,
    clock: Clock,
) -> Verdict:
    """Record the verdict of ``by`` (an IAM identity) and mark the run; gives the verdict that holds now.

    Saying the same again changes nothing. A verdict can be taken back once: the ledger has one entry of each kind,
    and the later of the two holds. Raises IncidentNotFound.
    """
    incident = incidents.get(incident_id)
    ledger.append(LedgerEntry(incident.id, LedgerKind(verdict), clock.now(), {"by": by}))
    holds = verdict_on(incident.id, ledger) or verdict
    with suppress(RunNotFound):  # expired: it is part of no baseline any more
        runs.mark_confirmed(incident.run.run_id, holds is Verdict.CONFIRM)
    return holds


def verdict_on(incident_id: str, ledger: Ledger) -> Verdict | None:
    """The verdict that holds, which is the later one; None while no person said anything."""
    said = [entry for verdict in Verdict if (entry := ledger.entry(incident_id, LedgerKind(verdict)))]
    return Verdict(max(said, key=lambda entry: entry.at).kind) if said else None
