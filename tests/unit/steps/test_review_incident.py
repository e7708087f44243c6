"""review_incident: a person's word on an incident, written down once and taken back at most once."""

import pytest

from selfheal.domain.errors import IncidentNotFound
from selfheal.domain.ledger import LedgerKind
from selfheal.steps.review_incident import Verdict, review_incident
from selfheal.testing.builders import a_measurement, an_incident
from selfheal.testing.memory import MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FixedClock

ANN = "arn:aws:sts::111122223333:assumed-role/developer/ann"


class World:
    def __init__(self) -> None:
        self.incident = an_incident()
        self.incidents, self.ledger, self.runs = MemoryIncidents(), MemoryLedger(), MemoryRuns()
        self.clock = FixedClock()
        self.incidents.open(self.incident)
        self.runs.save(a_measurement("shop:1"))

    def say(self, verdict: Verdict, by: str = ANN) -> Verdict:
        self.clock.advance(60)
        return review_incident(
            self.incident.id,
            verdict,
            by=by,
            incidents=self.incidents,
            ledger=self.ledger,
            runs=self.runs,
            clock=self.clock,
        )

    @property
    def confirmed(self) -> bool:
        return self.runs.stored["shop:1"].confirmed


def test_a_confirmation_marks_the_run_and_names_who_gave_it() -> None:
    world = World()
    assert world.say(Verdict.CONFIRM) is Verdict.CONFIRM
    assert world.confirmed
    [entry] = world.ledger.entries(world.incident.id)
    assert (entry.kind, entry.data) == (LedgerKind.CONFIRMED, {"by": ANN})


def test_saying_it_again_changes_nothing_and_keeps_who_said_it_first() -> None:
    world = World()
    world.say(Verdict.CONFIRM)
    assert world.say(Verdict.CONFIRM, by="somebody else") is Verdict.CONFIRM
    [entry] = world.ledger.entries(world.incident.id)
    assert entry.data == {"by": ANN}


@pytest.mark.parametrize("first", list(Verdict))
def test_a_verdict_can_be_taken_back_once_and_then_holds(first: Verdict) -> None:
    other = next(verdict for verdict in Verdict if verdict is not first)
    world = World()
    assert [world.say(first), world.say(other), world.say(first)] == [first, other, other]
    assert world.confirmed is (other is Verdict.CONFIRM)
    assert len(world.ledger.entries(world.incident.id)) == 2


def test_a_run_that_was_marked_by_its_outcome_can_be_dismissed() -> None:
    world = World()
    world.runs.mark_confirmed("shop:1", True)
    world.say(Verdict.DISMISS)
    assert not world.confirmed


def test_a_crash_before_the_mark_is_made_good_by_saying_it_again() -> None:
    world = World()
    world.say(Verdict.CONFIRM)
    world.runs.mark_confirmed("shop:1", False)
    world.say(Verdict.CONFIRM)
    assert world.confirmed


def test_an_incident_whose_run_expired_can_still_be_judged() -> None:
    world = World()
    world.runs.stored.clear()
    assert world.say(Verdict.CONFIRM) is Verdict.CONFIRM


def test_an_unknown_incident_is_named() -> None:
    with pytest.raises(IncidentNotFound, match="nope"):
        review_incident(
            "nope",
            Verdict.CONFIRM,
            by=ANN,
            incidents=MemoryIncidents(),
            ledger=MemoryLedger(),
            runs=MemoryRuns(),
            clock=FixedClock(),
        )
