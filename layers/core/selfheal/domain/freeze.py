"""Freeze: when nothing may be changed, in the local time of the people who said so."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from selfheal.domain.patterns import matches_any

Span = tuple[datetime, datetime]


class Weekday(StrEnum):
    """The days of the week in the order of ``date.weekday()``."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week on those days, from ``start``; to ``end`` of the next day when that is not after ``start``."""

    days: frozenset[Weekday]
    start: time
    end: time

    def spans(self, day: date) -> Iterator[Span]:
        """The span that begins on that day, in wall clock time; none on other days."""
        if list(Weekday)[day.weekday()] in self.days:
            last = day if self.end > self.start else day + timedelta(days=1)
            yield datetime.combine(day, self.start), datetime.combine(last, self.end)


@dataclass(frozen=True, slots=True)
class Once:
    """One time only; both ends are wall clock time."""

    start: datetime
    end: datetime

    def spans(self, day: date) -> Iterator[Span]:
        """The one span, whatever the day."""
        del day
        yield self.start, self.end


@dataclass(frozen=True, slots=True)
class Freeze:
    """One ``[[freeze]]``; ``number`` counts them from 1 as they stand in the file, ``reason`` is shown to people."""

    pipelines: tuple[str, ...]
    zone: ZoneInfo
    when: Weekly | Once
    reason: str = ""
    number: int = 0

    def until(self, pipeline: str, at: datetime) -> datetime | None:
        """The end (in the freeze's zone) of what holds for the pipeline at that moment; None when nothing does.

        A wall clock time that comes twice counts from its first to its last coming, one that the clock skips from
        the earlier to the later of its two readings: where the clock is changed a freeze is longer, never shorter.
        """
        if not matches_any(pipeline, self.pipelines):
            return None
        today = at.astimezone(self.zone).date()
        days = (today + timedelta(days=step) for step in (-1, 0, 1))
        spans = {span for day in days for span in self.when.spans(day)}
        ends = [
            max(self._readings(end)) for start, end in spans if self._holds(start, end, at.astimezone(UTC))
        ]
        return max(ends).astimezone(self.zone) if ends else None

    def _holds(self, start: datetime, end: datetime, at: datetime) -> bool:
        return min(self._readings(start)) <= at < max(self._readings(end))

    def _readings(self, wall: datetime) -> list[datetime]:
        return [wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
