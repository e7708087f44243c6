"""Shows the steps of starting and stopping the local cloud."""

from rich.console import Console
from rich.status import Status
from rich.text import Text

from local.progress import Stage, Step

MARKS = {Stage.DONE: ("✓ ", "green"), Stage.NOTE: ("· ", "yellow"), Stage.RUNNING: ("… ", "dim")}


class StepsScreen:
    """One line for each finished step; for those under way a spinner on a terminal and a line elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._under_way: dict[str, str] = {}
        self._spinner: Status | None = None

    def step(self, step: Step) -> None:
        """Show one step's news."""
        if step.stage is Stage.RUNNING:
            self._under_way[step.name] = step.detail
        if step.stage is not Stage.RUNNING or not self._console.is_terminal:
            mark, style = MARKS[step.stage]
            self._console.print(Text(mark, style).append(step.detail, "default"), soft_wrap=True)
        if step.stage is Stage.DONE:
            self._under_way.pop(step.name, None)
        self._spin()

    def close(self) -> None:
        """Take the spinner away."""
        self._under_way.clear()
        self._spin()

    def _spin(self) -> None:
        if self._spinner:
            self._spinner.stop()
            self._spinner = None
        if self._under_way and self._console.is_terminal:
            self._spinner = self._console.status(", ".join(self._under_way.values()))
            self._spinner.start()
