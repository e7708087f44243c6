"""What must hold of actions, kept in plain lists and written apart from the code on purpose."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DOLLARS_A_MINUTE = 0.005  # of the smallest build


@dataclass(frozen=True, slots=True)
class Terms:
    """What a policy says, and the file that says it. ``freeze`` is a pair of whole hours of each day, UTC."""

    mode: str = "act"
    protected: bool = False
    per_commit: int = 9
    per_hour: int = 9
    per_day: int = 9
    minutes: int = 999
    dollars: float = 9.0
    cool_down: int = 0
    failures: int = 9
    half_open: int = 600
    freeze: tuple[int, int] | None = None

    def text(self) -> str:
        """The policy file."""
        freeze = ""
        if self.freeze:
            clocks = [f"{hour:02}:00" for hour in self.freeze]
            freeze = (
                f'[[freeze]]\ntime_zone = "UTC"\ndays = ["*"]\nfrom = "{clocks[0]}"\nto = "{clocks[1]}"\n'
            )
        protected = 'protected = ["codebuild:*"]\n' if self.protected else ""
        return (
            f"{protected}cool_down_seconds = {self.cool_down}\n"
            f"[budget]\nper_commit = {self.per_commit}\nper_pipeline_hour = {self.per_hour}\n"
            f"per_account_day = {self.per_day}\nbuild_minutes_per_day = {self.minutes}\n"
            f"dollars_per_day = {self.dollars}\n"
            f"[breaker]\nfailures = {self.failures}\nhalf_open_seconds = {self.half_open}\n{freeze}"
            f'[[rule]]\npipelines = ["*"]\ncauses = ["network"]\nremedies = ["retry_build"]\nmode = "{self.mode}"\n'
        )

    def frozen(self, at: datetime) -> bool:
        """Whether nothing may be changed at that hour."""
        if self.freeze is None:
            return False
        start, end = self.freeze
        return start <= at.hour < end if end > start else at.hour >= start or at.hour < end


@dataclass(frozen=True, slots=True)
class Failed:
    """One failed build and what it took."""

    project: str
    commit: str
    minutes: int


@dataclass
class Streak:
    """How a remedy fares on one pipeline: failures in a row, and the last attempt or failure."""

    failures: int = 0
    last: datetime | None = None
    of: str = ""


@dataclass
class Truth:
    """What happened: ``intents`` are the actions that were charged, in their order."""

    builds: dict[str, Failed] = field(default_factory=dict)
    intents: list[tuple[str, datetime]] = field(default_factory=list)
    streaks: dict[str, Streak] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def streak(self, incident: str) -> Streak:
        """How it goes on the incident's pipeline."""
        return self.streaks.setdefault(self.builds[incident].project, Streak())

    def intend(self, incident: str, at: datetime) -> None:
        """An action was charged."""
        self.intents.append((incident, at))
        streak = self.streak(incident)
        streak.last, streak.of = at, incident

    def end(self, incident: str, at: datetime, status: str) -> None:
        """What was tried is over; told twice, it counts once, and what somebody stopped tells nothing."""
        if incident in self.ended:
            return
        self.ended.add(incident)
        streak = self.streak(incident)
        if status == "SUCCEEDED":
            streak.failures = 0
        elif status == "FAILED":
            streak.failures += 1
            streak.last, streak.of = at, ""

    def overspent(self, incident: str, at: datetime, terms: Terms) -> str:
        """Which budget one more action would break; empty when none."""
        build = self.builds[incident]
        before = [(self.builds[other], when) for other, when in self.intents]
        today = [other for other, when in before if when.date() == at.date()]
        hour = [o for o, when in before if (when.date(), when.hour) == (at.date(), at.hour)]
        minutes = sum(max(1, math.ceil(other.minutes)) for other in today) + max(1, math.ceil(build.minutes))
        checks = {
            "commit": sum(_same(o, build) for o, _ in before) < terms.per_commit,
            "hour": sum(other.project == build.project for other in hour) < terms.per_hour,
            "day": len(today) < terms.per_day,
            "minutes": minutes <= terms.minutes,
            "dollars": round(minutes * DOLLARS_A_MINUTE, 6) <= terms.dollars,
        }
        return next((name for name, holds in checks.items() if not holds), "")

    def cooling(self, incident: str, at: datetime, terms: Terms) -> bool:
        """Whether the last action on the pipeline was too short a time ago."""
        project = self.builds[incident].project
        last = [when for other, when in self.intents if self.builds[other].project == project]
        return bool(last) and at < last[-1] + timedelta(seconds=terms.cool_down)

    def tripped(self, incident: str, at: datetime, terms: Terms) -> bool:
        """Whether the breaker keeps everybody out but the one it let through."""
        streak = self.streak(incident)
        if streak.failures < terms.failures or streak.last is None or streak.of == incident:
            return False
        return at < streak.last + timedelta(seconds=terms.half_open)

    def full(self, incident: str, at: datetime, terms: Terms) -> bool:
        """Whether a limit that an intent is held to leaves no room."""
        limits = (self.tripped(incident, at, terms), self.cooling(incident, at, terms))
        return any(limits) or bool(self.overspent(incident, at, terms))


def _same(one: Failed, other: Failed) -> bool:
    return (one.project, one.commit) == (other.project, other.commit)
