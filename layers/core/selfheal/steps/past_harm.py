"""Past harm: whether a deployment is known to have harmed users, so that nobody goes back to it."""

from selfheal.domain.errors import IncidentNotFound
from selfheal.domain.incident import harm_incident_id
from selfheal.ports import IncidentStore, Ledger
from selfheal.steps.review_incident import Verdict, verdict_on


def harmed(run_id: str, incidents: IncidentStore, ledger: Ledger) -> bool:
    """Whether an alarm was tied to what this run deployed, and no person dismissed that."""
    try:
        incident = incidents.get(harm_incident_id(run_id))
    except IncidentNotFound:
        return False
    return verdict_on(incident.id, ledger) is not Verdict.DISMISS
