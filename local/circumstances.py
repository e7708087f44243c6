"""The circumstances of a scenario: what happens around its run, and who brings it about."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from local.people import People
from local.story import Story
from selfheal.approval_ports import ApprovalStore
from selfheal.steps.answer_approval import Reply


class Events(StrEnum):
    """What becomes of the events of the scenario's subject."""

    DELIVERED = "delivered"
    DOUBLED = "doubled"
    LOST = "lost"


class Person(StrEnum):
    """What the person does who is asked to approve."""

    APPROVES = "approves"
    REJECTS = "rejects"
    IS_AWAY = "is away"
    YOU = "you"  # whoever watches; no scenario's file says so, but `selfheal demo --ask-me` does


@dataclass(frozen=True, slots=True)
class Circumstances:
    """``paused``: the kill switch is thrown. ``overtaken``: a newer commit is built once it is decided what to do."""

    events: Events = Events.DELIVERED
    person: Person = Person.IS_AWAY
    paused: bool = False
    overtaken: bool = False


_ORDERS: dict[Events, bool | str] = {Events.DOUBLED: "duplicate", Events.LOST: True}
_REPLIES = {Person.APPROVES: Reply.APPROVE, Person.REJECTS: Reply.REJECT}


class Direction:
    """Brings the circumstances about; ``overtake`` builds the newer commit."""

    def __init__(
        self,
        circumstances: Circumstances,
        people: People,
        approvals: ApprovalStore,
        overtake: Callable[[], None],
    ) -> None:
        self._circumstances, self._people = circumstances, people
        self._approvals, self._overtake = approvals, overtake
        self._overtaken = self._answered = False

    @contextmanager
    def around(self, subject: str) -> Iterator[None]:
        """What holds while the subject's run and its incident last, and no longer."""
        order = _ORDERS.get(self._circumstances.events, False)
        try:
            if self._circumstances.paused:
                self._people.pause()
            if order:
                self._people.set_events(order, subject)
            yield
        finally:
            if order:
                self._people.set_events(False, subject)
            if self._circumstances.paused:
                self._people.resume()

    def look(self, incident_id: str, story: Story) -> None:
        """Do what the story asks for as it stands. Called again and again, before the incident is opened too."""
        if self._circumstances.events is Events.LOST:
            self._people.look_for_lost_events()
        if self._circumstances.overtaken and story.decision and not self._overtaken:
            self._overtaken = True
            self._overtake()
        self._answer(incident_id, story)

    def _answer(self, incident_id: str, story: Story) -> None:
        reply = _REPLIES.get(self._circumstances.person)
        if reply is None or not story.asked or self._answered:
            return
        approval = self._approvals.get(incident_id)
        if approval:
            self._answered = True
            self._people.answer(approval, reply)
