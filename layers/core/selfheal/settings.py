"""Settings: what a function is told through its environment, checked on reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import TypeVar

from selfheal.domain.errors import InvalidPolicy, InvalidSetting
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.policy_file import parse_policy
from selfheal.remedies.registry import catalogue

Choice = TypeVar("Choice", bound=StrEnum)
POLICY_PACKAGE = "selfheal_policy"


class PipelineMetrics(StrEnum):
    """Which numbers of a pipeline become metrics, each of which is paid for; with FEW, the log line holds the rest."""

    ALL = "all"
    FEW = "few"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Settings:
    """Reads settings when they are asked for: each function is given only the variables it needs."""

    environment: Mapping[str, str]

    def text(self, name: str) -> str:
        """A setting that must be there. Raises InvalidSetting."""
        value = self.environment.get(name, "")
        if not value:
            raise InvalidSetting(f"{name}: is not set; template.yaml gives it to the functions that need it")
        return value

    def optional(self, name: str) -> str:
        """A setting that may be empty."""
        return self.environment.get(name, "")

    def number(self, name: str, least: float) -> float:
        """A number of at least ``least``. Raises InvalidSetting."""
        text = self.text(name)
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value < float("inf"):
            raise InvalidSetting(f"{name}: must be a number of at least {least:g}, not {text!r}")
        return value

    def names(self, name: str) -> list[str]:
        """A list of names, separated by commas; empty when the setting is."""
        return [part.strip() for part in self.optional(name).split(",") if part.strip()]

    def choice(self, name: str, among: type[Choice]) -> Choice:
        """One of a closed list of words. Raises InvalidSetting."""
        text = self.text(name)
        if text not in set(among):
            raise InvalidSetting(f"{name}: must be one of {', '.join(among)}, not {text!r}")
        return among(text)

    def alarms(self) -> dict[str, float]:
        """When people are told: ``budget``, false alarms per 1,000 runs, and ``min_seconds``, what nobody minds."""
        return {
            "budget": self.budget,
            "min_seconds": self.number("SELFHEAL_ANOMALY_MIN_SECONDS", least=0.1),
        }

    @property
    def budget(self) -> float:
        """False alarms per 1,000 runs."""
        return self.number("SELFHEAL_ALERT_BUDGET", least=0.1)

    @property
    def mode(self) -> Mode:
        """The stack's mode, the ceiling over every policy rule. Raises InvalidSetting."""
        text = self.text("SELFHEAL_MODE")
        if text not in set(Mode):
            raise InvalidSetting(f"SELFHEAL_MODE: must be observe, ask or act, not {text!r}")
        return Mode(text)

    def policy(self) -> Policy:
        """The policy file that the policy layer carries under the stack's policy name. Raises InvalidPolicy."""
        name = self.text("SELFHEAL_POLICY")
        try:
            text = resources.files(POLICY_PACKAGE).joinpath(f"{name}.toml").read_text()
        except (ModuleNotFoundError, FileNotFoundError) as error:
            raise InvalidPolicy(
                f"there is no policy/{name}.toml in the policy layer of this stack"
            ) from error
        return parse_policy(text, frozenset(remedy.id for remedy in catalogue()))
