"""Freeze table: one ``[[freeze]]`` of a policy file."""

from collections.abc import Callable
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.freeze import Freeze, Once, Weekday, Weekly
from selfheal.domain.toml_table import TomlTable

FREEZE_KEYS = ("pipelines", "time_zone", "days", "from", "to", "reason")
LONGEST_REASON = 200
CLOCK = "%H:%M"
DATE_AND_CLOCK = "%Y-%m-%d %H:%M"


def freeze(number: int, table: TomlTable, patterns: Callable[[TomlTable, str], tuple[str, ...]]) -> Freeze:
    """With ``days`` a weekly freeze from one time of day to another, without them one from date to date."""
    return Freeze(
        pipelines=patterns(table, "pipelines") if "pipelines" in table.values else ("*",),
        zone=_zone(table),
        when=_weekly(table) if "days" in table.values else _once(table),
        reason=table.text("reason", "", LONGEST_REASON),
        number=number,
    )


def _zone(table: TomlTable) -> ZoneInfo:
    fix = "must be an IANA time zone such as Europe/Zurich or UTC"
    name = table.values.get("time_zone")
    if not isinstance(name, str) or not name:
        raise table.refuse("time_zone", fix)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise table.refuse("time_zone", fix) from error


def _weekly(table: TomlTable) -> Weekly:
    days = table.names_of("days", frozenset(Weekday))
    return Weekly(
        days=frozenset(Weekday(day) for day in days), start=_clock(table, "from"), end=_clock(table, "to")
    )


def _once(table: TomlTable) -> Once:
    start, end = _moment(table, "from"), _moment(table, "to")
    if end <= start:
        raise InvalidPolicy(f"{table.where}.to: must be after from")
    return Once(start, end)


def _clock(table: TomlTable, key: str) -> time:
    return _read(table, key, CLOCK, 'must be a time of day such as "18:00"').time()


def _moment(table: TomlTable, key: str) -> datetime:
    return _read(
        table,
        key,
        DATE_AND_CLOCK,
        'must be a date and time such as "2026-12-20 18:00" (or give days as well)',
    )


def _read(table: TomlTable, key: str, form: str, fix: str) -> datetime:
    value = table.values.get(key)
    try:
        moment = (
            datetime.strptime(value, form) if isinstance(value, str) else None
        )  # wall clock time, no zone yet
    except ValueError:
        moment = None
    if moment is None or moment.strftime(form) != value:
        raise table.refuse(key, fix)
    return moment
