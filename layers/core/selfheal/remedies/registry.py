"""Finds the catalogue: every module of this package that declares a REMEDY."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import Protocol, cast

from selfheal import remedies
from selfheal.domain.action import Plan
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.remedy import Remedy
from selfheal.domain.run import Run
from selfheal.remedy_ports import Tools

Undo = Callable[[Plan, Run, Tools], None]
"""Takes a carried out plan back; may be called more than once. Raises ActionRefused with the reason why it must not."""


class RemedyModule(Protocol):
    """What a remedy's module offers, beside an ``undo`` (see ``undo_of``) where it can be undone by itself."""

    REMEDY: Remedy

    def preflight(self, run: Run, tools: Tools) -> str:
        """Why the remedy must not be carried out on this run, in plain words; empty when it may."""

    def plan(self, run: Run, tools: Tools) -> Plan:
        """What exactly it would do to this run, read from the service and changing nothing. Raises ActionRefused
        when that cannot be said."""

    def start(self, plan: Plan, run: Run, tools: Tools, token: str) -> str:
        """Carry out that plan. Gives the id of the run it started, empty when it starts none.

        The same ``token`` (at most 64 characters) must not start a second run.
        """

    def find(self, run: Run, tools: Tools, since: datetime) -> Iterable[str]:
        """The ids of what Selfheal has started since then for runs like this one, newest first: what ``start`` may
        have started when nobody heard of it any more. The caller leaves out those that belong to other incidents."""


def collect(modules: Iterable[ModuleType]) -> dict[str, RemedyModule]:
    """The modules by remedy id. Raises ValueError when two declare the same id."""
    found: dict[str, RemedyModule] = {}
    for module in modules:
        if not hasattr(module, "REMEDY"):
            continue
        remedy = cast(RemedyModule, module)
        if remedy.REMEDY.id in found:
            raise ValueError(f"two modules declare the remedy {remedy.REMEDY.id!r}")
        found[remedy.REMEDY.id] = remedy
    return found


@cache
def modules() -> dict[str, RemedyModule]:
    """All remedies by id."""
    names = sorted(info.name for info in pkgutil.iter_modules(remedies.__path__) if info.name != "registry")
    return collect(importlib.import_module(f"{remedies.__name__}.{name}") for name in names)


def catalogue() -> list[Remedy]:
    """What all remedies declare, by id."""
    return [module.REMEDY for _, module in sorted(modules().items())]


def remedy_module(remedy_id: str) -> RemedyModule:
    """One remedy. Raises InvalidEvent for an id outside the catalogue."""
    found = modules().get(remedy_id)
    if found is None:
        raise InvalidEvent("remedy", f"{remedy_id!r} is none of {', '.join(sorted(modules()))}")
    return found


def undo_of(remedy_id: str) -> Undo | None:
    """How the remedy is undone by itself; None for one that only a person can take back, or nobody need.
    Raises InvalidEvent."""
    return cast(Undo | None, getattr(remedy_module(remedy_id), "undo", None))
