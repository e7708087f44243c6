"""The demo's face: one live line per incident, a closing table, and what is simulated."""

import statistics
import threading
from collections.abc import Sequence
from types import TracebackType

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.own_command import own_command
from local.play import DOING, Update
from local.result import Result

LAST = ("as expected", "not as expected")
PASSING = ("preparing", "learning", *DOING.values(), *(f"{doing} again" for doing in DOING.values()))
# On a line that grows, the detail alone says enough, and some news says nothing new.
BRIEF = ("opened", "diagnosed", "decided", "outcome")
LEFT_OUT = ("suggested", "action intended", "notified", *LAST)
IN_PEOPLES_WORDS = {"act notify": "left alone", "notified": "a person is told"}
NOTHING_STARTED = "left alone"
SIMULATED = (
    "Simulated: AWS is MiniStack, and its developer tools are a simulator that runs real buildspecs and deployment "
    "hooks as real processes. Real: builds, deployments, their failures, what `sam deploy` deployed, its IAM, every "
    "decision."
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
    """What came of every scenario. Made to fit 80 columns: the ledger's words, with spaces to break at."""
    table = Table(
        title="What Selfheal did",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for column in ("incident", "cause", "decision", "action", "outcome"):
        table.add_column(column, no_wrap=column in ("incident", "decision", "outcome"), overflow="fold")
    table.add_column("seconds", justify="right", no_wrap=True)
    for result in results:
        good = result.as_expected
        table.add_row(
            Text("✓ " if good else "✗ ", "green" if good else "red").append(result.name, "bold"),
            Text(_spaced(result.cause)),
            Text(IN_PEOPLES_WORDS.get(f"{result.decision} {result.action}", _spaced(result.decision))),
            Text(_spaced(result.action)),
            Text(_spaced(result.outcome), "green" if good else "red"),
            "-" if result.seconds is None else f"{result.seconds:.1f}",
        )
    return table


def closing_words(results: Sequence[Result], *, still_up: bool) -> Text:
    """What differs from the ground truth, what is simulated, and where to look next."""
    text = Text()
    for result in results:
        if result.oddity:
            text.append(f"{result.name}: {result.oddity}\n")
        for difference in result.differences:
            text.append(f"{result.name}: {difference}\n", "red")
    text.append(f"seconds: incident opened to outcome recorded.{_reaction(results)}\n", "dim")
    text.append(f"{SIMULATED}\n", "dim")
    shown = next((result.incident_id for result in results if result.incident_id), "")
    command = own_command()
    if shown and still_up:
        text.append(f"Look closer: {command} incidents show {shown}\nStop it:     {command} local down")
    else:
        text.append(f"Look closer: {command} demo --keep, then {command} incidents")
    return text


def _reaction(results: Sequence[Result]) -> str:
    times = [result.reaction_seconds for result in results if result.reaction_seconds is not None]
    if not times:
        return ""
    return (
        f" From a failed run to the action under way: {statistics.median(times):.1f} s in the median; the first"
        " incidents pay for the functions' cold starts."
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
    told = [update.detail if update.state in BRIEF else _words(update) for update in shown]
    words = [IN_PEOPLES_WORDS.get(text, text) for text in told]
    if NOTHING_STARTED in words:
        words = [text for text in words if text != "action started"]
    return Text(" → ", "dim").join([Text(text) for text in words])


def _words(update: Update) -> str:
    return f"{update.state}: {update.detail}" if update.detail else update.state


def _spaced(words: str) -> str:
    return words.replace("_", " ") or "-"
