"""Every help screen is short, calm and whole at 80 columns."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from cli.main import app
from tests.unit.cli.fakes import FakeSurroundings, run


def everything(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, each in getattr(command, "commands", {}).items():
        yield from everything(each, (*words, name))


@pytest.mark.parametrize("words", list(everything(typer.main.get_command(app))), ids=" ".join)
def test_a_help_screen_is_whole_at_80_columns(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = run(FakeSurroundings(), *words, "--help")
    assert done.exit_code == 0 and done.stdout.startswith("Usage: ")
    assert max(map(len, done.stdout.splitlines())) <= 80
    listed = done.stdout.partition("\nCommands:\n")[2]
    assert [line for line in listed.splitlines() if line.endswith("...") or not line.endswith(".")] == []
    assert [noise for noise in ("<bool>", " range>", "─") if noise in done.stdout] == []


def test_the_version_is_told() -> None:
    done = run(FakeSurroundings(), "--version")
    assert done.exit_code == 0 and done.stdout.startswith("selfheal ")
