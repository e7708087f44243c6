"""Shows how pipelines stand: two short lines for each, made to fit 80 columns."""

from collections.abc import Sequence
from datetime import UTC

from rich.table import Table
from rich.text import Text

from selfheal.domain.score import Level
from selfheal.domain.standing import Oddity, Recent, Standing

BARS = "▁▂▃▄▅▆▇█"
FAILED = "×"  # noqa: RUF001 (a cross on the screen, not a letter)
STYLES = {Level.TELL: "yellow", Level.HEAL: "red", Level.NONE: ""}
FIRST = "pipeline, what was odd last"
COLUMNS = ("runs", "last (UTC)", "score", f"durations ({FAILED} failed)")


def pipelines_table(standings: Sequence[Standing]) -> Table:
    """What there is to know at a glance of each."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(FIRST, overflow="fold")
    for column in COLUMNS:
        table.add_column(column, no_wrap=True)
    for standing in standings:
        table.add_row(
            _lines(str(standing.pipeline), _odd(standing.odd), "bold"),
            _lines(str(standing.runs), "ready" if standing.ready else "warming"),
            _lines(
                standing.status.replace("_", " ").lower(),
                f"{standing.started_at.astimezone(UTC):%m-%d %H:%M}",
                "red" if standing.status.failed else "",
            ),
            _score(standing),
            _lines(sparkline(standing.recent), _range(standing.recent), "cyan"),
        )
    return table


def sparkline(recent: Sequence[Recent]) -> str:
    """One bar for each run, as high as its share of the longest; failed runs, which were cut short, are marked."""
    longest = max((each.seconds for each in recent if not each.failed), default=0.0)
    return "".join(FAILED if each.failed else _bar(each.seconds, longest) for each in recent)


def _lines(first: str, second: str, style: str = "") -> Text:
    return Text.assemble((first, style), "\n", (second, "dim"))


def _bar(seconds: float, longest: float) -> str:
    share = seconds / longest if longest > 0 else 0.0
    return BARS[min(int(share * len(BARS)), len(BARS) - 1)]


def _score(standing: Standing) -> Text:
    score = standing.score
    if score is None or not standing.ready:
        return _lines("-", "")
    told = "" if score.level is Level.NONE else f" {score.level}"
    return _lines(f"{score.value:.2f}{told}", f"p {score.p_value:.2g}", STYLES[score.level])


def _odd(odd: Oddity | None) -> str:
    """``phase:BUILD 4.1x, 01-15``; a level shift says so."""
    if odd is None:
        return "nothing odd"
    what = f"{odd.blame.metric} {_ratio(odd.blame.ratio)}x" if odd.blame else "the score"
    return f"{'new level: ' if odd.shift else ''}{what}, {odd.at:%m-%d}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}"


def _range(recent: Sequence[Recent]) -> str:
    good = [each.seconds for each in recent if not each.failed]
    return f"{_seconds(min(good))} to {_seconds(max(good))}" if good else "none that passed"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
