"""The demo's face: one live line per incident, a closing table, and what is simulated."""

import threading
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.play import Update
from local.result import Result

LAST = ("as expected", "not as expected")
PASSING = ("preparing", "learning", "building", "building again")
# On a line that grows, the detail alone says enough, and some news says nothing new.
BRIEF = ("opened", "diagnosed", "decided", "outcome")
LEFT_OUT = ("suggested", "action intended", "notified", *LAST)
SIMULATED = (
    "Simulated: AWS is MiniStack, and CodeBuild is a simulator that runs each project's real buildspec as "
    "real processes. Real: the builds, their failures, what `sam deploy` deployed, its IAM, every decision."
)


class DemoScreen:
    """Shows the scenarios while they are played: lines that grow on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console, scenarios: Sequence[str]) -> None:
        self._console = console
        self._trails: dict[str, list[Update]] = {name: [] for name in scenarios}
        self._lock = threading.Lock()
        self._live = Live(console=console, get_renderable=self._lines, refresh_per_second=8)

    def __enter__(self) -> "DemoScreen":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def update(self, update: Update) -> None:
        """Show one scenario's news. Called from several threads."""
        with self._lock:
            trail = self._trails[update.scenario]
            if trail and trail[-1].state in PASSING:
                trail.pop()
            trail.append(update)
            if not self._console.is_terminal:
                self._console.print(Text(f"{update.scenario:<26}{_words(update)}"), soft_wrap=True)

    def _lines(self) -> Group:
        with self._lock:
            table = Table.grid(padding=(0, 1))
            for name, trail in self._trails.items():
                table.add_row(_mark(trail), Text(name, "bold"), _trail(trail))
        return Group(table)


def closing_table(results: Sequence[Result]) -> Table:
    """What came of every scenario; the words of the ledger."""
    table = Table(title="What Selfheal did", title_justify="left", title_style="bold")
    for column in ("incident", "cause", "decision", "action", "outcome"):
        table.add_column(column, overflow="fold")
    table.add_column("seconds", justify="right")
    table.add_column("")
    for result in results:
        style = "green" if result.as_expected else "red"
        table.add_row(
            Text(f"{result.name}\n", "bold").append(result.incident_id or "none", "dim"),
            *(
                Text(value or "-")
                for value in (result.oddity or result.cause, result.decision, result.action)
            ),
            Text(result.outcome or "-", style),
            "-" if result.seconds is None else f"{result.seconds:.1f}",
            Text("✓" if result.as_expected else "✗", style),
        )
    return table


def closing_words(results: Sequence[Result], keep: bool) -> Text:
    """What differs from the ground truth, what is simulated, and where to look next."""
    text = Text()
    for result in results:
        for difference in result.differences:
            text.append(f"{result.name}: {difference}\n", "red")
    text.append(f"seconds: incident opened to outcome recorded.{_reaction(results)}\n", "dim")
    text.append(f"{SIMULATED}\n", "dim")
    shown = next((result.incident_id for result in results if result.incident_id), "")
    if shown and keep:
        text.append(f"Look closer: selfheal incidents show {shown}   Stop: selfheal local down")
    elif shown:
        text.append(f"Look closer: selfheal demo --keep, then selfheal incidents show {shown}")
    return text


def _reaction(results: Sequence[Result]) -> str:
    times = [result.reaction_seconds for result in results if result.reaction_seconds is not None]
    return (
        f" From a failed run to the action under way: {min(times):.1f} to {max(times):.1f} s."
        if times
        else ""
    )


def _mark(trail: Sequence[Update]) -> Text | Spinner:
    last = trail[-1].state if trail else ""
    if last in LAST:
        good = last == LAST[0]
        return Text("✓" if good else "✗", "green" if good else "red")
    return Spinner("dots") if trail else Text("·", "dim")


def _trail(trail: Sequence[Update]) -> Text:
    if not trail:
        return Text("waits for its turn", "dim")
    shown = [update for update in trail if update.state not in LEFT_OUT]
    words = [update.detail if update.state in BRIEF else _words(update) for update in shown]
    return Text(" → ", "dim").join([Text(text) for text in words])


def _words(update: Update) -> str:
    return f"{update.state}: {update.detail}" if update.detail else update.state
