"""Scenarios: what each sets up, and the ground truth that it is checked against."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from local.dependencies import KINDS
from local.errors import InvalidScenario
from selfheal.domain.action import OutcomeStatus
from selfheal.domain.decision import Verdict
from selfheal.domain.diagnosis import Cause
from selfheal.domain.incident import IncidentKind
from selfheal.remedies.registry import modules

SCENARIOS = Path(__file__).parent / "scenarios"
DECLARATION = "scenario.toml"


@dataclass(frozen=True, slots=True)
class Truth:
    """What must come out. ``builds`` counts all builds of the project, so it proves what was left alone too.

    ``evidence`` and ``summary`` hold texts that must occur in the diagnosis' evidence and summary. Of a run that
    passed: ``blame`` is the metric to be blamed first, ``detector`` what has to find it (empty: no matter), ``shift``
    whether it is the one by which a new level is noticed.
    """

    kind: str
    cause: str
    decision: str
    action: str
    outcome: str
    builds: int
    evidence: Sequence[str] = ()
    summary: Sequence[str] = ()
    blame: str = ""
    detector: str = ""
    shift: bool = False


@dataclass(frozen=True, slots=True)
class NeededServer:
    """A loopback server the builds depend on, and the variable that tells them its address."""

    kind: str
    variable: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: ``history`` builds of the first commit, ``leading`` ones of the last, which may be told as odd
    ones each by itself, the one in question, and ``followups`` after its outcome. There must be no other incident.
    """

    name: str
    folder: Path
    title: str
    project: str
    truth: Truth
    history: int = 0
    leading: int = 0
    followups: int = 0
    cache: bool = False
    dependency: NeededServer | None = None


_KNOWN_VALUES: dict[str, frozenset[str]] = {
    "kind": frozenset(IncidentKind),
    "cause": frozenset(Cause),
    "decision": frozenset(Verdict),
    "outcome": frozenset(OutcomeStatus),
}


def names(folder: Path = SCENARIOS) -> list[str]:
    """The names of all scenarios."""
    return sorted(path.parent.name for path in folder.glob(f"*/{DECLARATION}"))


def load(name: str, folder: Path = SCENARIOS) -> Scenario:
    """One scenario. Raises InvalidScenario naming the key that is wrong, or the scenarios there are."""
    declaration = folder / name / DECLARATION
    if not declaration.is_file():
        raise InvalidScenario(f"there is no scenario {name!r}; there are {', '.join(names(folder))}")
    try:
        document = tomllib.loads(declaration.read_text())
    except tomllib.TOMLDecodeError as error:
        raise InvalidScenario(f"{name}/{DECLARATION}: not valid TOML: {error}") from error
    return _scenario(name, declaration.parent, document)


def _scenario(name: str, folder: Path, document: dict[str, Any]) -> Scenario:
    where = f"{name}/{DECLARATION}"
    given = {"name": name, "folder": folder, **document}
    given["truth"] = _truth(where, _table(where, document, "truth"))
    if "dependency" in document:
        given["dependency"] = _dependency(where, _table(where, document, "dependency"))
    _check_keys(where, Scenario, given)
    for key in ("title", "project"):
        if not isinstance(given[key], str) or not given[key]:
            raise InvalidScenario(f"{where}: {key}: must be text, not {given[key]!r}")
    for key in ("history", "leading", "followups"):
        _check_count(f"{where}: {key}", given.get(key, 0), least=0)
    return Scenario(**given)


def _truth(where: str, table: Mapping[str, Any]) -> Truth:
    _check_keys(f"{where}: truth", Truth, table)
    known = {**_KNOWN_VALUES, "action": frozenset(modules())}
    for key, values in known.items():
        if str(table[key]) not in values:
            raise InvalidScenario(
                f"{where}: truth.{key}: {table[key]!r} is none of {', '.join(sorted(values))}"
            )
    for key in ("blame", "detector"):
        if not isinstance(table.get(key, ""), str):
            raise InvalidScenario(f"{where}: truth.{key}: must be text, not {table[key]!r}")
    if not isinstance(table.get("shift", False), bool):
        raise InvalidScenario(f"{where}: truth.shift: must be true or false, not {table['shift']!r}")
    _check_count(f"{where}: truth.builds", table["builds"], least=1)
    return Truth(**table)


def _dependency(where: str, table: Mapping[str, Any]) -> NeededServer:
    _check_keys(f"{where}: dependency", NeededServer, table)
    if str(table["kind"]) not in KINDS:
        raise InvalidScenario(
            f"{where}: dependency.kind: {table['kind']!r} is none of {', '.join(sorted(KINDS))}"
        )
    return NeededServer(**table)


def _table(where: str, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = document.get(key)
    if not isinstance(table, dict):
        raise InvalidScenario(f"{where}: {key}: must be a table [{key}]")
    return table


def _check_keys(where: str, kind: type[Any], given: Mapping[str, Any]) -> None:
    known = {f.name for f in fields(kind)}
    needed = {f.name for f in fields(kind) if f.default is MISSING}
    if unknown := sorted(set(given) - known):
        raise InvalidScenario(
            f"{where}: unknown key {unknown[0]!r}; known keys are {', '.join(sorted(known))}"
        )
    if missing := sorted(needed - set(given)):
        raise InvalidScenario(f"{where}: {missing[0]} is missing")


def _check_count(where: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidScenario(f"{where}: must be a whole number of at least {least}, not {value!r}")
