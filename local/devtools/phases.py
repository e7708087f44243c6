"""The phases of a build and what is recorded of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.devtools.wire import Json

SUCCEEDED, FAILED, STOPPED, TIMED_OUT, FAULT, IN_PROGRESS = (
    "SUCCEEDED",
    "FAILED",
    "STOPPED",
    "TIMED_OUT",
    "FAULT",
    "IN_PROGRESS",
)


class PhaseError(Exception):
    """A phase came to a bad end: its status, and the code and message of its context."""

    def __init__(self, code: str, message: str, status: str = FAILED) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass
class Phase:
    """One phase; times are epoch seconds, ``ended`` and ``status`` are None while it lasts."""

    name: str
    started: float
    ended: float | None = None
    status: str | None = None
    contexts: list[tuple[str, str]] = field(default_factory=list)

    def end(self, now: float, status: str, code: str = "", message: str = "") -> None:
        self.contexts.append((code, message))
        self.ended, self.status = now, status

    def wire(self) -> Json:
        """The phase as BatchGetBuilds shows it."""
        shown: Json = {"phaseType": self.name, "startTime": round(self.started, 3)}
        if self.ended is not None and self.status is not None:
            shown |= {
                "phaseStatus": self.status,
                "endTime": round(self.ended, 3),
                "durationInSeconds": int(self.ended - self.started),
                "contexts": [{"statusCode": code, "message": message} for code, message in self.contexts],
            }
        return shown
