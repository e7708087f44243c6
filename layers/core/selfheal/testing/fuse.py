"""A fuse in front of ports: at a chosen call it kills the caller, or lets others go first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Died(Exception):
    """The function was killed here."""


@dataclass
class Fuse:
    """Counts the calls made through it and, at the last, does what it is told to: die, or let others go first."""

    calls: int
    strike: Callable[[], None]
    after: bool = False

    def guard(self, port: Any) -> Any:
        """The same port, with its calls counted."""
        fuse = self

        class Guarded:
            def __getattr__(self, name: str) -> Any:
                return lambda *a, **k: fuse.call(lambda: getattr(port, name)(*a, **k))

        return Guarded()

    def call(self, action: Callable[[], Any]) -> Any:
        """One call: struck before or after it takes effect."""
        self.calls -= 1
        if self.calls == 0 and not self.after:
            self.strike()
        result = action()
        if self.calls == 0 and self.after:
            self.strike()
        return result


def die() -> None:
    """What kills the caller."""
    raise Died


def never() -> Fuse:
    """A fuse that strikes at no call."""
    return Fuse(0, die)
