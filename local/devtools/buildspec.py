"""Reading a CodeBuild buildspec (version 0.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

PHASES = ("install", "pre_build", "build", "post_build")
SHELLS = {"sh": "sh", "/bin/sh": "sh", "bash": "bash"}
ON_FAILURE = ("ABORT", "CONTINUE")
UNSUPPORTED_ENV = ("parameter-store", "secrets-manager", "git-credential-helper")


class BuildspecError(ValueError):
    """The buildspec cannot be used; the message names the key and what is expected of it."""


@dataclass(frozen=True)
class PhaseSpec:
    """Commands of one phase; ``on_failure`` is None when the buildspec leaves it to the service."""

    commands: tuple[str, ...] = ()
    finally_commands: tuple[str, ...] = ()
    on_failure: str | None = None


@dataclass(frozen=True)
class ReportSpec:
    """One report group: glob patterns relative to a base directory."""

    files: tuple[str, ...]
    base_directory: str = "."


@dataclass(frozen=True)
class Buildspec:
    """A parsed buildspec; ``ignored`` are the top-level keys that the simulator does not know."""

    phases: dict[str, PhaseSpec]
    variables: dict[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    shell: str = "sh"
    reports: dict[str, ReportSpec] = field(default_factory=dict)
    cache_paths: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def parse_buildspec(text: str) -> Buildspec:
    """Parse ``text``; raises BuildspecError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BuildspecError(f"not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise BuildspecError("expected a mapping at the top of the buildspec")
    if str(document.get("version")) != "0.2":
        raise BuildspecError(f"version: expected 0.2, found {document.get('version')!r}")
    env = _mapping(document.get("env"), "env")
    for key in UNSUPPORTED_ENV:
        if key in env:
            raise BuildspecError(f"env.{key}: not offered by the simulator; use env.variables")
    return Buildspec(
        phases=_phases(document.get("phases")),
        variables={key: _scalar(value, f"env.variables.{key}") for key, value in _variables(env)},
        exported=_exported(env.get("exported-variables")),
        shell=_shell(env.get("shell", "sh")),
        reports=_reports(document.get("reports")),
        cache_paths=_strings(_mapping(document.get("cache"), "cache").get("paths"), "cache.paths"),
        ignored=tuple(
            sorted(map(str, document.keys() - {"version", "env", "phases", "reports", "cache", "artifacts"}))
        ),
    )


def _variables(env: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(_mapping(env.get("variables"), "env.variables").items())


def _exported(value: object) -> tuple[str, ...]:
    names = _strings(value, "env.exported-variables")
    for name in names:
        if not name.isidentifier():
            raise BuildspecError(f"env.exported-variables: {name!r} is not a variable's name")
    return names


def _phases(value: object) -> dict[str, PhaseSpec]:
    phases = _mapping(value, "phases")
    if not phases:
        raise BuildspecError("phases: expected at least one of " + ", ".join(PHASES))
    unknown = sorted(map(str, phases.keys() - set(PHASES)))
    if unknown:
        raise BuildspecError(f"phases.{unknown[0]}: expected one of {', '.join(PHASES)}")
    return {name: _phase(_mapping(body, f"phases.{name}"), f"phases.{name}") for name, body in phases.items()}


def _phase(body: dict[str, Any], where: str) -> PhaseSpec:
    on_failure = body.get("on-failure")
    if on_failure is not None and on_failure not in ON_FAILURE:
        raise BuildspecError(
            f"{where}.on-failure: expected one of {', '.join(ON_FAILURE)}, found {on_failure!r}"
        )
    return PhaseSpec(
        commands=_strings(body.get("commands"), f"{where}.commands"),
        finally_commands=_strings(body.get("finally"), f"{where}.finally"),
        on_failure=on_failure,
    )


def _reports(value: object) -> dict[str, ReportSpec]:
    reports = {}
    for name, raw in _mapping(value, "reports").items():
        body = _mapping(raw, f"reports.{name}")
        if str(body.get("file-format", "JUNITXML")).upper() != "JUNITXML":
            raise BuildspecError(f"reports.{name}.file-format: the simulator reads JUNITXML only")
        reports[str(name)] = ReportSpec(
            files=_strings(body.get("files"), f"reports.{name}.files"),
            base_directory=_scalar(body.get("base-directory", "."), f"reports.{name}.base-directory"),
        )
    return reports


def _shell(value: object) -> str:
    if not isinstance(value, str) or value not in SHELLS:
        raise BuildspecError(f"env.shell: expected one of {', '.join(SHELLS)}, found {value!r}")
    return SHELLS[value]


def _mapping(value: object, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BuildspecError(f"{where}: expected a mapping, found {type(value).__name__}")
    return value


def _strings(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BuildspecError(f"{where}: expected a list, found {type(value).__name__}")
    return tuple(_scalar(item, f"{where}[{index}]") for index, item in enumerate(value))


def _scalar(value: object, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise BuildspecError(f"{where}: expected a string, found {type(value).__name__}")
