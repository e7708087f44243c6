from io import StringIO

import pytest
from rich.console import Console

from cli.steps_screen import StepsScreen
from local.progress import Stage, Step

STEPS = [
    Step("build", Stage.RUNNING, "sam build"),
    Step("servers", Stage.NOTE, "port 4566 is in use"),
    Step("build", Stage.DONE, "sam build, 3 s"),
]


@pytest.mark.parametrize(
    ("terminal", "lines"),
    [(False, ["… sam build", "· port 4566 is in use", "✓ sam build, 3 s"]), (True, [])],
)
def test_where_no_spinner_can_turn_a_line_says_what_is_under_way(terminal: bool, lines: list[str]) -> None:
    console = Console(file=StringIO(), force_terminal=terminal, width=80, record=True)
    screen = StepsScreen(console)
    for step in STEPS:
        screen.step(step)
    screen.close()
    shown = [line.strip() for line in console.export_text().splitlines()]
    assert [line for line in shown if line in lines] == lines
    assert ("… sam build" in shown) is not terminal
