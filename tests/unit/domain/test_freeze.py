"""Change freezes: wall clock time of a zone, through midnight, weekends and changes of the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.freeze import Freeze
from selfheal.domain.policy_file import parse_policy

WEEKEND = 'time_zone = "Europe/Zurich"\ndays = ["fri", "sat"]\nfrom = "18:00"\nto = "08:00"\n'
YEAR_END = 'time_zone = "America/New_York"\nfrom = "2026-12-20 18:00"\nto = "2027-01-04 08:00"\n'
SHOP = "codebuild:shop"


def the_freeze(table: str) -> Freeze:
    (freeze,) = parse_policy(f"[[freeze]]\n{table}", frozenset({"notify"})).freezes
    return freeze


def holds(table: str, at: str) -> bool:
    return the_freeze(table).until(SHOP, datetime.fromisoformat(at)) is not None


@pytest.mark.parametrize(
    ("at", "frozen"),
    [
        ("2026-01-16T16:59:59+00:00", False),  # a Friday, 17:59:59 in Zurich
        ("2026-01-16T17:00:00+00:00", True),
        ("2026-01-17T06:59:59+00:00", True),
        ("2026-01-17T07:00:00+00:00", False),  # Saturday morning
        ("2026-01-17T17:00:00+00:00", True),
        ("2026-01-18T06:59:59+00:00", True),
        ("2026-01-18T07:00:00+00:00", False),
        ("2026-01-18T20:00:00+00:00", False),  # Sunday is not named
        ("2026-07-17T16:00:00+00:00", True),  # a Friday in summer, two hours ahead of UTC
        ("2026-07-17T15:59:59+00:00", False),
    ],
)
def test_a_weekly_freeze_runs_into_the_next_day(at: str, frozen: bool) -> None:
    assert holds(WEEKEND, at) is frozen


@pytest.mark.parametrize(
    ("at", "frozen"),
    [
        ("2026-12-20T22:59:59+00:00", False),
        ("2026-12-20T23:00:00+00:00", True),
        ("2027-01-04T12:59:59+00:00", True),
        ("2027-01-04T13:00:00+00:00", False),
    ],
)
def test_a_freeze_from_date_to_date_happens_once(at: str, frozen: bool) -> None:
    assert holds(YEAR_END, at) is frozen


def test_a_freeze_says_when_it_ends_in_its_own_zone() -> None:
    until = the_freeze(WEEKEND).until(SHOP, datetime(2026, 1, 16, 20, 0, tzinfo=UTC))
    assert until is not None and until.isoformat() == "2026-01-17T08:00:00+01:00"


def test_a_freeze_holds_for_the_pipelines_it_names() -> None:
    freeze = the_freeze('pipelines = ["codedeploy:*"]\n' + YEAR_END)
    at = datetime(2026, 12, 25, tzinfo=UTC)
    assert freeze.until("codedeploy:shop/prod", at) and not freeze.until(SHOP, at)


def test_from_midnight_to_midnight_is_the_whole_day() -> None:
    sunday = 'time_zone = "UTC"\ndays = ["sun"]\nfrom = "00:00"\nto = "00:00"\n'
    assert holds(sunday, "2026-01-18T00:00:00+00:00") and holds(sunday, "2026-01-18T23:59:59+00:00")
    assert not holds(sunday, "2026-01-17T23:59:59+00:00") and not holds(sunday, "2026-01-19T00:00:00+00:00")


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        # In Zurich, 2026-10-25 03:00 summer time becomes 02:00: what comes twice counts from first to last.
        ("2026-10-25 02:30", "2026-10-25 05:00", "2026-10-25T00:30:00+00:00", "2026-10-25T04:00:00+00:00"),
        ("2026-10-25 01:00", "2026-10-25 02:30", "2026-10-24T23:00:00+00:00", "2026-10-25T01:30:00+00:00"),
        # 2026-03-29 02:00 becomes 03:00: what is skipped counts from the earlier to the later reading.
        ("2026-03-29 02:30", "2026-03-29 05:00", "2026-03-29T00:30:00+00:00", "2026-03-29T03:00:00+00:00"),
        ("2026-03-29 01:00", "2026-03-29 02:30", "2026-03-29T00:00:00+00:00", "2026-03-29T01:30:00+00:00"),
    ],
)
def test_where_the_clock_is_changed_a_freeze_is_longer_never_shorter(
    start: str, end: str, first: str, last: str
) -> None:
    freeze = the_freeze(f'time_zone = "Europe/Zurich"\nfrom = "{start}"\nto = "{end}"\n')
    begins, ends, second = datetime.fromisoformat(first), datetime.fromisoformat(last), timedelta(seconds=1)
    assert not freeze.until(SHOP, begins - second) and freeze.until(SHOP, begins)
    until = freeze.until(SHOP, ends - second)
    assert until is not None and until.astimezone(UTC) == ends and not freeze.until(SHOP, ends)


days = st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1)
clocks = st.integers(0, 24 * 60 - 1)


@given(
    days,
    clocks,
    clocks,
    st.sampled_from(["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),
)
def test_whenever_the_clock_on_the_wall_says_so_a_freeze_holds(
    named: set[str], start: int, end: int, zone: str, moment: datetime
) -> None:
    """Written apart from the code on purpose: the wall clock alone, minute by minute of a week."""
    text = f"days = {sorted(named)}\nfrom = {clock(start)!r}\nto = {clock(end)!r}\ntime_zone = {zone!r}\n"
    freeze, at = the_freeze(text), moment.replace(tzinfo=UTC)
    wall = at.astimezone(freeze.zone)
    minute, today = wall.hour * 60 + wall.minute, wall.strftime("%a").lower()
    yesterday = (wall.replace(tzinfo=None) - timedelta(days=1)).strftime("%a").lower()
    if end > start:
        shown = today in named and start <= minute < end
    else:
        shown = (today in named and minute >= start) or (yesterday in named and minute < end)
    found = freeze.until(SHOP, at)
    assert found is not None or not shown
    if found is not None and not shown:
        changes = {(at + timedelta(hours=h)).astimezone(freeze.zone).utcoffset() for h in range(-26, 27)}
        assert len(changes) == 2, "only a change of the clock makes a freeze longer than the wall says"


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
