"""The shell that runs a build's commands."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.devtools.shell import CutShortError, Shell
from tests.local.devtools.simulated import until


class Session:
    """A shell, and the lines it has put out."""

    def __init__(self, program: str, directory: Path) -> None:
        self.lines: list[str] = []
        self.stop = threading.Event()
        scratch, work = directory / "scratch", directory / "a place"
        scratch.mkdir()
        work.mkdir()
        env = {"PATH": "/usr/bin:/bin", "PLACE": "build"}
        self.shell = Shell(program, work, env, scratch, self.lines.append, self.stop)

    def run(self, command: str, seconds: float = 240) -> int:
        return self.shell.run(command, time.time() + seconds)


@pytest.fixture(params=["sh", "bash"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    session = Session(request.param, tmp_path)
    yield session
    session.shell.close()


def test_variables_functions_and_directory_live_on(session: Session) -> None:
    assert session.run("mkdir -p deep/er && cd deep/er") == 0
    assert session.run("count=3; greet() { echo hello $1 $count; }") == 0
    assert session.run('greet $PLACE; basename "$PWD"') == 0
    assert session.lines == ["hello build 3", "er"]


def test_the_status_is_that_of_the_last_command(session: Session) -> None:
    assert session.run("false; (exit 7)") == 7
    assert session.run("true") == 0


@pytest.mark.parametrize("command", ["exit 5", "set -e; (exit 5); echo never"])
def test_a_command_that_ends_the_shell_fails_and_the_next_goes_on(session: Session, command: str) -> None:
    session.run("mkdir sub; cd sub; export KEPT='one two'")
    assert session.run(command) == 5
    assert session.run('echo "$KEPT"; basename "$PWD"') == 0
    assert session.lines == ["one two", "sub"]


def test_a_shell_that_is_killed_reports_the_signal(session: Session) -> None:
    assert session.run("kill -9 $$") == 137
    assert session.run("echo again") == 0
    assert session.lines == ["again"]


def test_what_a_shell_says_at_its_very_end_is_heard(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looked = tmp_path / "looked"

    def look(*asked: Any) -> Any:
        """The first time, all of it comes a moment after there was nothing to be read."""
        if not looked.exists():
            leader = psutil.Process(session.shell.pid)
            looked.touch()
            until(lambda: leader.status() == psutil.STATUS_ZOMBIE)
            return [], [], []
        return really(*asked)

    really = select.select
    monkeypatch.setattr(select, "select", look)
    waiting = f"until [ -e '{looked}' ]; do sleep 0.01; done"
    assert session.run(f"{waiting}; echo the last words; exit 5") == 5
    assert session.lines == ["the last words"]


def test_a_command_cannot_eat_the_ones_that_follow(session: Session) -> None:
    assert session.run("cat") == 0
    assert session.run("echo still here") == 0
    assert session.lines == ["still here"]


def test_output_keeps_its_order_and_needs_no_line_end(session: Session) -> None:
    session.run("echo one; echo two >&2; printf three")
    session.run("exec 3>&1; exec >/dev/null; echo hidden")
    session.run("exec >&3; echo four")
    assert session.lines == ["one", "two", "three", "four"]


def test_a_variable_can_be_set_and_read(session: Session) -> None:
    session.shell.set_variable("MOOD", "it's fine")
    session.run("exit 1")
    assert session.shell.value("MOOD", time.time() + 240) == "it's fine"
    assert session.shell.value("NEVER_SET", time.time() + 240) == ""


def test_a_time_out_cuts_the_command_short_and_keeps_what_it_said(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + (600 if session.lines else 0))
    with pytest.raises(CutShortError, match="TIMED_OUT"):
        session.run("echo before; sleep 600", seconds=600)
    assert session.lines == ["before"]


def test_a_stop_kills_what_the_command_started(session: Session, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    def noted() -> bool:
        return pid_file.exists() and pid_file.read_text().endswith("\n")

    threading.Thread(target=_stop_when, args=(noted, session.stop)).start()
    with pytest.raises(CutShortError, match="STOPPED"):
        session.run(f"sleep 600 & echo $! >'{pid_file}'; wait")
    child = int(pid_file.read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_the_end_of_a_build_kills_what_an_earlier_shell_left_running(
    session: Session, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    session.run(f"sleep 600 & echo $! >'{pid_file}'")
    assert session.run("exit 1") == 1
    assert session.run("true") == 0
    left = psutil.Process(int(pid_file.read_text()))
    assert left.is_running() and left.status() != psutil.STATUS_ZOMBIE
    session.shell.close()
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


def _stop_when(ready: Callable[[], bool], stop: threading.Event) -> None:
    while not ready():
        time.sleep(0.01)
    stop.set()
