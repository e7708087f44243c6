"""Reading the lifecycle hooks of a CodeDeploy application specification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

LIFECYCLE = (
    "ApplicationStop",
    "BeforeInstall",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
HOOK_SECONDS = 3600


class AppspecError(ValueError):
    """The application specification cannot be used; the message names the key and what is expected."""


@dataclass(frozen=True)
class Hook:
    """One script of a lifecycle event; ``timeout`` is in seconds."""

    event: str
    location: str
    timeout: float = HOOK_SECONDS


@dataclass(frozen=True)
class Appspec:
    """The hooks in the order in which a deployment runs them, and what it copies where (source, destination)."""

    hooks: tuple[Hook, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


def parse_appspec(text: str) -> Appspec:
    """An application specification; raises AppspecError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise AppspecError(f"not valid YAML: {error}") from error
    hooks = document.get("hooks") if isinstance(document, dict) else None
    if not isinstance(hooks, dict):
        raise AppspecError("hooks: expected a mapping of lifecycle events to scripts")
    unknown = sorted(map(str, hooks.keys() - set(LIFECYCLE)))
    if unknown:
        raise AppspecError(f"hooks.{unknown[0]}: expected one of {', '.join(LIFECYCLE)}")
    ordered = tuple(hook for event in LIFECYCLE for hook in _hooks(event, hooks.get(event) or []))
    return Appspec(ordered, tuple(_files(document.get("files") or [])))


def _files(files: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(files, list):
        raise AppspecError("files: expected a list of sources and destinations")
    for index, file in enumerate(files):
        for member in ("source", "destination"):
            if not isinstance(file, dict) or not isinstance(file.get(member), str):
                raise AppspecError(f"files[{index}].{member}: expected a path")
        yield file["source"], file["destination"]


def _hooks(event: str, scripts: Any) -> Iterator[Hook]:
    if not isinstance(scripts, list):
        raise AppspecError(f"hooks.{event}: expected a list of scripts")
    for index, script in enumerate(scripts):
        if not isinstance(script, dict) or not isinstance(script.get("location"), str):
            raise AppspecError(f"hooks.{event}[{index}].location: expected the path of a script")
        timeout = script.get("timeout", HOOK_SECONDS)
        if isinstance(timeout, bool) or not isinstance(timeout, int) or timeout <= 0:
            raise AppspecError(f"hooks.{event}[{index}].timeout: expected a positive number of seconds")
        yield Hook(event, script["location"], timeout)
