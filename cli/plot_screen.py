"""Draws the course of a pipeline's durations: PNG or SVG, the same bytes for the same runs.

Colours are those of Okabe and Ito, which people with any kind of colour vision tell apart; shapes differ as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from cli.course import Stop
from local.counting import counted
from selfheal.domain.run import RunStatus
from selfheal.domain.score import Level

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

BLUE, SKY, ORANGE, VERMILION, PURPLE, INK, GREY = (
    "#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#AA4499", "#333333", "#8A8A8A",
)  # fmt: skip
SIZE = (11.0, 5.0)
LOG_FROM = 8.0
DATES = 7
ROOM = 1.12
STYLE: "dict[RcKeyType, Any]" = {
    "font.size": 10,
    "text.parse_math": False,  # a pipeline's name may hold a dollar sign
    "axes.edgecolor": "#BBBBBB",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "selfheal",
    "svg.fonttype": "none",  # text stays text: it can be searched and read aloud
}
NO_DATE = {".svg": {"Date": None}, ".png": {"Software": None}}


@dataclass(frozen=True, slots=True)
class _Unit:
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """How runs of one kind are marked, and what the legend calls them."""

    label: str
    style: dict[str, Any]


PASSED = _Kind("passed", {"marker": "o", "ms": 3.5, "color": INK, "mew": 0})
FAILED = _Kind("failed", {"marker": "x", "ms": 6, "color": GREY, "mew": 1.4})
STOPPED = _Kind("stopped", {"marker": "_", "ms": 7, "color": GREY, "mew": 1.4})
TELL = _Kind("odd: tell", {"marker": "o", "ms": 11, "mfc": "none", "mec": ORANGE, "mew": 2, "clip_on": False})
HEAL = _Kind(
    "odd: heal", {"marker": "D", "ms": 11, "mfc": "none", "mec": VERMILION, "mew": 2, "clip_on": False}
)


def draw(pipeline: str, stops: Sequence[Stop], out: Path) -> None:
    """Draw at least one stop into a file whose name ends in .png or .svg. Raises OSError."""
    unit = _unit(stops)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=SIZE, dpi=150, layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        _band(axes, stops, unit)
        shown = [kind for kind in (PASSED, FAILED, STOPPED, TELL, HEAL) if _runs(axes, stops, kind, unit)]
        shifts = _shifts(axes, stops)
        _heights(axes, stops, unit)
        _dates(axes, stops)
        _legend(axes, shown, band=any(stop.usual for stop in stops), shifts=shifts)
        axes.set_title(_title(pipeline, stops), loc="left", fontsize=11, pad=30)
        figure.savefig(out, metadata=NO_DATE[out.suffix])


def _title(pipeline: str, stops: Sequence[Stop]) -> str:
    first, last = (stop.run.measurement.started_at for stop in (stops[0], stops[-1]))
    return f"{pipeline}   {counted(len(stops), 'run')}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _band(axes: Axes, stops: Sequence[Stop], unit: _Unit) -> None:
    """What was usual, with a gap where nothing is known and a step where a new level was noticed."""
    nothing = (float("nan"),) * 3
    usual = [(u.low, u.median, u.high) if (u := stop.usual) else nothing for stop in stops]
    low, middle, high = ([value / unit.seconds for value in side] for side in zip(*usual, strict=True))
    places = range(len(stops))
    axes.fill_between(places, low, high, color=SKY, alpha=0.25, lw=0, step="mid", zorder=1)
    axes.step(places, middle, where="mid", color=BLUE, lw=1.4, zorder=2)


def _runs(axes: Axes, stops: Sequence[Stop], kind: _Kind, unit: _Unit) -> bool:
    """Mark the runs of a kind; whether there were any."""
    places = [place for place, stop in enumerate(stops) if kind in _kinds(stop)]
    if not places:
        return False
    seconds = [stops[place].run.measurement.duration_seconds / unit.seconds for place in places]
    axes.plot(places, seconds, ls="none", zorder=4 if kind in (TELL, HEAL) else 3, **kind.style)
    return True


def _kinds(stop: Stop) -> list[_Kind]:
    status, score = stop.run.measurement.status, stop.run.score
    ended = FAILED if status.failed else PASSED if status is RunStatus.SUCCEEDED else STOPPED
    alarm = {Level.TELL: TELL, Level.HEAL: HEAL}.get(score.level) if score else None
    return [ended, alarm] if alarm else [ended]


def _shifts(axes: Axes, stops: Sequence[Stop]) -> bool:
    places = [place for place, stop in enumerate(stops) if stop.run.score and stop.run.score.shift]
    for place in places:
        axes.axvline(place + 0.5, color=PURPLE, ls=(0, (4, 3)), lw=1.3, zorder=2)
    return bool(places)


def _heights(axes: Axes, stops: Sequence[Stop], unit: _Unit) -> None:
    """From zero where that shows enough; logarithmic where a few runs took many times as long as most."""
    good = [m.duration_seconds for stop in stops if not (m := stop.run.measurement).status.failed]
    every = [stop.run.measurement.duration_seconds / unit.seconds for stop in stops]
    highest = max([*every, *(stop.usual.high / unit.seconds for stop in stops if stop.usual)])
    if good and max(good) > LOG_FROM * max(median(good), 1.0):
        axes.set_yscale("log")
        axes.set_ylim(max(min(every), highest / 10_000) / ROOM**2, highest * ROOM**2)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, highest * ROOM or 1.0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylabel(f"duration ({unit.name})")
    axes.grid(axis="y", color="#E6E6E6", lw=0.8)
    axes.set_axisbelow(True)


def _dates(axes: Axes, stops: Sequence[Stop]) -> None:
    axes.set_xlim(-1, len(stops))
    axes.xaxis.set_major_locator(MaxNLocator(DATES, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _date(stops, value)))
    axes.set_xlabel("runs in the order of their start (UTC)")


def _date(stops: Sequence[Stop], place: float) -> str:
    if not 0 <= round(place) < len(stops):
        return ""
    return f"{stops[round(place)].run.measurement.started_at:%m-%d\n%H:%M}"


def _legend(axes: Axes, shown: Sequence[_Kind], *, band: bool, shifts: bool) -> None:
    """Above the data, so that it covers none."""
    handles: list[Line2D | Patch] = []
    if band:
        handles.append(Line2D([], [], color=BLUE, lw=1.4, label="median"))
        handles.append(Patch(color=SKY, alpha=0.25, lw=0, label="usual (median ± 2 spreads)"))
    handles += [Line2D([], [], ls="none", label=kind.label, **kind.style) for kind in shown]
    if shifts:
        handles.append(Line2D([], [], color=PURPLE, ls=(0, (4, 3)), lw=1.3, label="new level noticed"))
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(handles), frameon=False,
                borderaxespad=0.2, handletextpad=0.5, columnspacing=1.4)  # fmt: skip


def _unit(stops: Sequence[Stop]) -> _Unit:
    typical = median(stop.run.measurement.duration_seconds for stop in stops)
    if typical < 120:
        return _Unit("seconds", 1)
    return _Unit("minutes", 60) if typical < 7200 else _Unit("hours", 3600)
