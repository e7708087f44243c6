"""The story of one incident as its ledger tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfheal.domain.action import ActionStatus
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind

ENDINGS = (LedgerKind.NOTIFIED, LedgerKind.ESCALATED)
ANSWERS = (LedgerKind.APPROVED, LedgerKind.REJECTED, LedgerKind.APPROVAL_EXPIRED)


@dataclass(frozen=True, slots=True)
class Story:
    """Reads single facts out of an incident's entries; one that is not there (yet) is empty text or None."""

    entries: Sequence[LedgerEntry]

    @property
    def over(self) -> bool:
        """Whether nothing will come after this."""
        return any(entry.kind in ENDINGS for entry in self.entries)

    @property
    def cause(self) -> str:
        """The diagnosed cause."""
        return _text(self._data(LedgerKind.DIAGNOSED), "cause")

    @property
    def decision(self) -> str:
        """The verdict."""
        return _text(self._data(LedgerKind.DECIDED), "verdict")

    @property
    def action(self) -> str:
        """The remedy decided on."""
        return _text(self._data(LedgerKind.DECIDED), "remedy")

    @property
    def outcome(self) -> str:
        """What came of it; ``escalated`` when Selfheal itself failed."""
        if self._data(LedgerKind.ESCALATED):
            return LedgerKind.ESCALATED
        return _text(self._data(LedgerKind.OUTCOME), "status")

    @property
    def reason(self) -> str:
        """Why it came out as it did."""
        return _text(self._data(LedgerKind.OUTCOME), "reason")

    @property
    def asked(self) -> bool:
        """Whether a person was asked to approve."""
        return any(entry.kind is LedgerKind.APPROVAL_REQUESTED for entry in self.entries)

    @property
    def answer(self) -> str:
        """What came of asking: approved, rejected, approval_expired."""
        return next((entry.kind.value for entry in self.entries if entry.kind in ANSWERS), "")

    @property
    def seconds(self) -> float | None:
        """Seconds from incident opened to outcome recorded."""
        value = self._data(LedgerKind.OUTCOME).get("seconds")
        return float(value) if isinstance(value, int | float) else None

    @property
    def oddity(self) -> str:
        """What is wrong about a run that did not fail, in words; empty for one that failed."""
        return self.summary if self.kind in (IncidentKind.ANOMALOUS, IncidentKind.HARMFUL) else ""

    @property
    def summary(self) -> str:
        """The diagnosis in one sentence."""
        return _text(self._data(LedgerKind.DIAGNOSED), "summary")

    @property
    def evidence(self) -> list[str]:
        """The lines that prove the diagnosis."""
        lines = self._data(LedgerKind.DIAGNOSED).get("evidence")
        return [_text(line, "text") for line in lines] if isinstance(lines, list) else []

    @property
    def kind(self) -> str:
        """Why the run needed attention."""
        return _text(self._data(LedgerKind.OPENED), "kind")

    @property
    def blame(self) -> str:
        """The metric that was blamed first for an odd run."""
        found = self._score.get("blame")
        return _text(found[0], "metric") if isinstance(found, list) and found else ""

    @property
    def detector(self) -> str:
        """What found the run odd."""
        return _text(self._score, "detector")

    @property
    def shift(self) -> bool:
        """Whether the run is the one by which a new level was noticed."""
        return self._score.get("shift") is True

    @property
    def acted_at(self) -> float | None:
        """When an action was under way, in seconds since the epoch; None when nothing was started."""
        started = (entry for entry in self.entries if entry.data.get("status") == ActionStatus.STARTED)
        return next(
            (entry.at.timestamp() for entry in started if entry.kind is LedgerKind.ACTION_STARTED), None
        )

    @property
    def _score(self) -> Mapping[str, object]:
        found = self._data(LedgerKind.OPENED).get("score")
        return found if isinstance(found, Mapping) else {}

    def _data(self, kind: LedgerKind) -> Mapping[str, object]:
        return next((entry.data for entry in self.entries if entry.kind is kind), {})


def _text(data: object, key: str) -> str:
    value = data.get(key) if isinstance(data, Mapping) else None
    return value if isinstance(value, str) else ""
