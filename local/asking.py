"""The scenario in which whoever watches the demo is the person who is asked."""

from dataclasses import replace

from local.circumstances import Person
from local.scenario import Scenario, load
from selfheal.domain.ledger import LedgerKind

SECONDS = 900
PARAMETERS = {"ApprovalTimeoutSeconds": str(SECONDS)}  # of the stack: people take longer than a script
SCENARIO = "approved"
# Whatever the answer is, there is a scenario that says what must come of it.
_SCENARIOS = {LedgerKind.APPROVED: "approved", LedgerKind.REJECTED: "rejected"}
_NO_ANSWER = "expired_approval"


def scenario_with_you() -> Scenario:
    """The scenario of a person who approves, where nobody plays that person."""
    scenario = load(SCENARIO)
    return replace(scenario, circumstances=replace(scenario.circumstances, person=Person.YOU))


def as_answered(scenario: Scenario, answer: str) -> Scenario:
    """The scenario with what must come of the answer that was given."""
    if scenario.circumstances.person is not Person.YOU:
        return scenario
    named = next((name for kind, name in _SCENARIOS.items() if kind == answer), _NO_ANSWER)
    return replace(scenario, truth=load(named).truth)
