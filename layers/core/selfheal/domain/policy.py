"""Policy: what may be done to which pipeline for which cause. Off unless a rule says otherwise."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from selfheal.domain.diagnosis import Cause
from selfheal.domain.freeze import Freeze
from selfheal.domain.patterns import matches_any
from selfheal.domain.remedy import Risk
from selfheal.domain.watch import Watch

LONGEST_DELAY_SECONDS = 3600
RUN_RUNBOOK = "run_runbook"


class Mode(StrEnum):
    """How far a rule lets Selfheal go: watch only, ask a person first, or act."""

    OBSERVE = "observe"
    ASK = "ask"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``[[rule]]``. Patterns are shell globs that must match the whole pipeline key.

    ``max_risk`` is the highest risk of a remedy it lets pass. ``delay_seconds`` replaces the time the remedy itself
    would wait before it is carried out. ``runbook`` is the automation document that ``run_runbook`` starts; without one
    the rule does not speak of that remedy. ``number`` counts rules from 1 as they stand in the file.
    """

    pipelines: tuple[str, ...]
    causes: frozenset[Cause]
    remedies: frozenset[str]
    mode: Mode
    min_confidence: float = 0.7
    max_risk: Risk = Risk.REPLACES
    delay_seconds: int | None = None
    number: int = 0
    runbook: str = ""

    def matches(self, pipeline: str, cause: Cause, remedy: str) -> bool:
        """Whether this rule speaks of that remedy for that cause in that pipeline."""
        return self.speaks_of(cause, remedy) and matches_any(pipeline, self.pipelines)

    def speaks_of(self, cause: Cause, remedy: str) -> bool:
        """Whether it speaks of that remedy for that cause, in whatever pipeline."""
        if remedy not in self.remedies or (remedy == RUN_RUNBOOK and not self.runbook):
            return False
        return cause in self.causes


@dataclass(frozen=True, slots=True)
class Budget:
    """How many actions are allowed per commit of a pipeline, per pipeline and hour, per account and day, and how
    many minutes of builds and US dollars all actions of a day may take by their estimates. Days and hours are UTC."""

    per_commit: int = 2
    per_pipeline_hour: int = 5
    per_account_day: int = 50
    build_minutes_per_day: int = 600
    dollars_per_day: float = 20.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Opens for a pipeline and remedy after so many outcomes in a row that were not healed or worse; once
    ``half_open_seconds`` have passed since the last of them or since the last attempt, it lets one attempt through."""

    failures: int = 3
    half_open_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class Autonomy:
    """When a rule that asks may be promoted: the lower confidence bound of success, over at least so many outcomes.
    ``promote_to_act`` permits it without a person."""

    bar: float = 0.9
    min_outcomes: int = 20
    promote_to_act: bool = False


@dataclass(frozen=True)
class Policy:
    """A parsed policy file. ``version`` is the first 12 hex digits of the SHA-256 of its text."""

    version: str
    budget: Budget
    rules: tuple[Rule, ...]
    cool_down_seconds: int = 0
    breaker: Breaker = Breaker()
    freezes: tuple[Freeze, ...] = ()
    protected_pipelines: tuple[str, ...] = ()
    autonomy: Autonomy = Autonomy()
    watches: tuple[Watch, ...] = ()

    def rule_for(self, pipeline: str, cause: Cause, remedy: str) -> Rule | None:
        """The first rule that matches, None when no rule speaks of it (then: observe)."""
        case = cause, remedy
        if case not in self._of_case:
            self._of_case[case] = [rule for rule in self.rules if rule.speaks_of(cause, remedy)]
        return next((rule for rule in self._of_case[case] if matches_any(pipeline, rule.pipelines)), None)

    @cached_property
    def _of_case(self) -> dict[tuple[Cause, str], list[Rule]]:
        """The rules that speak of a cause and remedy, in order, once they were asked for: a decision asks about every
        remedy, and few rules speak of the same."""
        return {}

    def protected(self, pipeline: str) -> bool:
        """Whether a person must always be asked, and one who did not write the commit."""
        return matches_any(pipeline, self.protected_pipelines)
