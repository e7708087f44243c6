"""Scenarios: what each sets up, and the ground truth that it is checked against."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from local.circumstances import Circumstances, Events, Person
from local.dependencies import KINDS, LOCKED
from local.errors import InvalidScenario
from local.story import ANSWERS
from selfheal.domain.action import OutcomeStatus
from selfheal.domain.decision import Verdict
from selfheal.domain.diagnosis import Cause
from selfheal.domain.incident import IncidentKind
from selfheal.remedies.registry import modules

SCENARIOS = Path(__file__).parent / "scenarios"
DECLARATION = "scenario.toml"
ORDINARY = Circumstances()


class About(StrEnum):
    """What the runs of a scenario are: builds, executions of a pipeline, deployments of a service, or executions that
    deploy a service."""

    BUILD = "build"
    PIPELINE = "pipeline"
    SERVICE = "service"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Truth:
    """What must come out. ``builds`` and ``deployments`` count all there were, so they prove what was left alone too.

    ``evidence``, ``summary`` and ``reason`` hold texts that must occur in the diagnosis' evidence and summary and in
    the outcome's reason; ``answer`` is what came of asking a person. Of a run that passed: ``blame`` is the metric to
    be blamed first, ``detector`` what has to find it (empty: no matter), ``shift`` whether it is the one by which a
    new level is noticed.
    """

    kind: str
    cause: str
    decision: str
    action: str
    outcome: str
    builds: int
    deployments: int = 0
    evidence: Sequence[str] = ()
    summary: Sequence[str] = ()
    reason: Sequence[str] = ()
    answer: str = ""
    blame: str = ""
    detector: str = ""
    shift: bool = False


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something that the builds depend on (see dependencies.py), and the variable that tells them where it is."""

    kind: str
    variable: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: ``history`` runs of the first commit, ``leading`` ones of the last, which may be told each by
    itself, the one in question, and ``followups`` after its outcome. There must be no other incident.

    ``telling`` ones are played when none is named. ``minutes`` is the time limit of a build, 0: CodeBuild's own;
    ``native`` lets CodePipeline retry a failed stage by itself; ``runbook`` names the automation document that is made
    of the folder's runbook.yml.
    """

    name: str
    folder: Path
    title: str
    project: str
    truth: Truth
    about: About = About.BUILD
    telling: bool = False
    history: int = 0
    leading: int = 0
    followups: int = 0
    minutes: int = 0
    cache: bool = False
    native: bool = False
    runbook: str = ""
    dependency: Dependency | None = None
    circumstances: Circumstances = ORDINARY

    @property
    def alone(self) -> bool:
        """Whether nothing else may be played meanwhile: the kill switch is thrown for the whole stack."""
        return self.circumstances.paused


_KNOWN_VALUES: dict[str, frozenset[str]] = {
    "kind": frozenset(IncidentKind),
    "cause": frozenset(Cause),
    "decision": frozenset(Verdict),
    "outcome": frozenset(OutcomeStatus),
    "answer": frozenset({"", *ANSWERS}),
}


_PLAYED = frozenset(Person) - {Person.YOU}


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
    files = folder.parent / document.pop("files_of", name)
    given = {"name": name, "folder": files, **document}
    given["truth"] = _truth(where, _table(where, document, "truth"))
    if "dependency" in document:
        given["dependency"] = _dependency(where, _table(where, document, "dependency"))
    if "circumstances" in document:
        given["circumstances"] = _circumstances(where, _table(where, document, "circumstances"))
    _check_keys(where, Scenario, given)
    if not (files / "base").is_dir():
        raise InvalidScenario(f"{where}: files_of: there is no folder {files.name}/base")
    for key in ("title", "project", "runbook"):
        if not isinstance(given.get(key, ""), str) or not given.get(key, "none"):
            raise InvalidScenario(f"{where}: {key}: must be text, not {given[key]!r}")
    for key in ("history", "leading", "followups", "minutes"):
        _check_count(f"{where}: {key}", given.get(key, 0), least=0)
    given["about"] = About(_one_of(f"{where}: about", given.get("about", About.BUILD), frozenset(About)))
    _check_flags(f"{where}: ", given, ("telling", "cache", "native"))
    return Scenario(**given)


def _truth(where: str, table: Mapping[str, Any]) -> Truth:
    _check_keys(f"{where}: truth", Truth, table)
    for key, values in {**_KNOWN_VALUES, "action": frozenset(modules())}.items():
        _one_of(f"{where}: truth.{key}", table.get(key, ""), values)
    for key in ("blame", "detector"):
        if not isinstance(table.get(key, ""), str):
            raise InvalidScenario(f"{where}: truth.{key}: must be text, not {table[key]!r}")
    _check_flags(f"{where}: truth.", table, ("shift",))
    _check_count(f"{where}: truth.deployments", table.get("deployments", 0), least=0)
    _check_count(f"{where}: truth.builds", table["builds"], least=0 if table.get("deployments") else 1)
    return Truth(**table)


def _dependency(where: str, table: Mapping[str, Any]) -> Dependency:
    _check_keys(f"{where}: dependency", Dependency, table)
    _one_of(f"{where}: dependency.kind", table["kind"], frozenset({*KINDS, LOCKED}))
    return Dependency(**table)


def _circumstances(where: str, table: Mapping[str, Any]) -> Circumstances:
    _check_keys(f"{where}: circumstances", Circumstances, table)
    _check_flags(f"{where}: circumstances.", table, ("paused", "overtaken"))
    events = _one_of(
        f"{where}: circumstances.events", table.get("events", Events.DELIVERED), frozenset(Events)
    )
    person = _one_of(f"{where}: circumstances.person", table.get("person", Person.IS_AWAY), _PLAYED)
    return Circumstances(**{**table, "events": Events(events), "person": Person(person)})


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


def _one_of(where: str, value: object, values: frozenset[str]) -> str:
    if str(value) not in values:
        raise InvalidScenario(f"{where}: {value!r} is none of {', '.join(sorted(filter(None, values)))}")
    return str(value)


def _check_flags(where: str, given: Mapping[str, Any], keys: Sequence[str]) -> None:
    for key in keys:
        if not isinstance(given.get(key, False), bool):
            raise InvalidScenario(f"{where}{key}: must be true or false, not {given[key]!r}")


def _check_count(where: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidScenario(f"{where}: must be a whole number of at least {least}, not {value!r}")
