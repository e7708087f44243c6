"""The waiting executions, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from selfheal.steps.approval_record import APPROVAL_ANSWERED
from selfheal.steps.ingest_run import RUN_ENDED
from selfheal.steps.resume_healing import WaitOver, resume_healing
from selfheal.testing.approvals import MemoryApprovals
from selfheal.testing.memory import MemoryBus
from selfheal.wire import decode


@dataclass
class MemoryWaiters:
    """Waiters, and the Resumer of the executions that wait: ``open_tokens`` are those still waiting."""

    waiting: dict[str, list[str]] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    open_tokens: set[str] = field(default_factory=set)
    resumed: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def add(self, awaited: str, token: str) -> None:
        """Waiters."""
        tokens = self.waiting.setdefault(awaited, [])
        if token not in tokens:
            tokens.append(token)
            self.open_tokens.add(token)

    def of(self, awaited: str) -> list[str]:
        """Waiters."""
        return list(self.waiting.get(awaited, []))

    def note_end(self, run_id: str, status: str) -> None:
        """Waiters."""
        self.ends[run_id] = status

    def end_of(self, run_id: str) -> str:
        """Waiters."""
        return self.ends.get(run_id, "")

    def resume(self, token: str, output: Mapping[str, object]) -> bool:
        """Resumer."""
        if token not in self.open_tokens:
            return False
        self.open_tokens.discard(token)
        self.resumed.append((token, output))
        return True


def deliver(bus: MemoryBus, waiters: MemoryWaiters, approvals: MemoryApprovals | None = None) -> None:
    """Do with the bus's events what the rule for waits that are over does; each is taken off the bus."""
    over = {RUN_ENDED, APPROVAL_ANSWERED}
    events = [event for event in bus.published if event[0] in over]
    bus.published = [event for event in bus.published if event[0] not in over]
    for _, detail in events:
        wait = decode(WaitOver, detail)
        resume_healing(wait, waiters=waiters, approvals=approvals or MemoryApprovals(), resumer=waiters)
