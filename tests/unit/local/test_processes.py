import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from local.errors import PortTaken, StepFailed
from local.patience import Patience
from local.ports import HOST
from local.processes import (
    Spawned,
    have_ended,
    of_cloud,
    serves,
    spawn,
    stop_all,
    wait_until_done,
    wait_until_serving,
)

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
ESCAPING = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
    "start_new_session=True, env={}); print('up', flush=True); time.sleep(600)"
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop_all(tmp_path, grace_seconds=0.1)


def start(home: Path, code: str, name: str = "worker") -> Spawned:
    command = [sys.executable, "-c", code]
    return spawn(name, command, environment=dict(os.environ), home=home, directory=home)


def started(home: Path, code: str, name: str = "worker") -> Spawned:
    spawned = start(home, code, name)
    Patience(240, threading.Event(), "").until("its first word", lambda: spawned.log.read_text() or None)
    return spawned


def test_output_goes_to_the_log(home: Path) -> None:
    spawned = start(home, "print('hello')")
    wait_until_done(spawned, 240)
    assert spawned.log.read_text() == "hello\n"


def test_a_failing_command_is_told_with_its_last_lines_and_its_log(home: Path) -> None:
    spawned = start(home, "print('first'); print('the reason'); raise SystemExit(3)", "sam-build")
    with pytest.raises(StepFailed) as caught:
        wait_until_done(spawned, 240)
    message = str(caught.value)
    assert "sam-build: failed with exit status 3" in message
    assert "the reason" in message
    assert str(spawned.log) in message


def test_a_command_that_takes_too_long_is_told(home: Path) -> None:
    with pytest.raises(StepFailed, match="did not end within"):
        wait_until_done(start(home, SLEEP), 0.2)


def test_a_server_that_ends_instead_of_answering_is_told_at_once(home: Path) -> None:
    with pytest.raises(StepFailed, match="ended with exit status 4"):
        wait_until_serving(start(home, "raise SystemExit(4)"), "http://127.0.0.1:9/health", 240)


def test_a_server_that_never_answers_is_told(home: Path) -> None:
    with pytest.raises(StepFailed, match="did not answer"):
        wait_until_serving(start(home, SLEEP), "http://127.0.0.1:9/health", 0.2)


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a server that is not of the cloud and answers everything with success."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

    with ThreadingHTTPServer((HOST, 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_stranger_s_answer_does_not_stand_for_a_server_that_ended(home: Path, stranger: int) -> None:
    spawned = start(home, "raise SystemExit(4)")
    with pytest.raises(StepFailed, match="ended with exit status 4"):
        wait_until_serving(spawned, f"http://{HOST}:{stranger}/health", 240)


def test_a_stranger_s_answer_does_not_stand_for_a_server_that_does_not_listen(
    home: Path, stranger: int
) -> None:
    with pytest.raises(StepFailed, match="did not answer"):
        wait_until_serving(start(home, SLEEP), f"http://{HOST}:{stranger}/health", 0.2)


def test_a_port_that_is_another_s_is_told_apart_from_other_failures(home: Path, stranger: int) -> None:
    code = f"import socket; socket.create_server(('{HOST}', {stranger}))"
    with pytest.raises(PortTaken):
        wait_until_serving(start(home, code), f"http://{HOST}:{stranger}/health", 240)


def test_a_server_s_own_answer_counts(stranger: int) -> None:
    assert serves(os.getpid(), f"http://{HOST}:{stranger}/health")


def test_what_is_spared_goes_on_with_its_children(home: Path) -> None:
    spared, ended = started(home, ESCAPING), started(home, SLEEP, "other")
    family = {spared.process.pid, *(child.pid for child in psutil.Process(spared.process.pid).children())}
    assert stop_all(home, grace_seconds=60, spare=[spared.process.pid]) == 1
    assert ended.process.poll() is not None
    assert {process.pid for process in of_cloud(home)} == family


def test_a_zombie_has_ended_although_its_parent_does_not_ask_for_it(home: Path) -> None:
    """As in a container whose first process takes no orphans' zombies away."""
    child = psutil.Process(started(home, ESCAPING).process.pid).children()[0]
    assert not have_ended([child], 0)
    child.kill()
    Patience(20, threading.Event(), "").until(
        "a zombie", lambda: child.status() == psutil.STATUS_ZOMBIE or None
    )
    assert have_ended([child], 0)


@pytest.mark.parametrize("code", [SLEEP, STUBBORN, ESCAPING])
def test_everything_that_was_started_is_stopped(home: Path, code: str) -> None:
    spawned = started(home, code)
    family = [psutil.Process(spawned.process.pid), *psutil.Process(spawned.process.pid).children()]
    assert stop_all(home, grace_seconds=0.5) == len(family)
    assert of_cloud(home) == []
    assert not any(member.is_running() and member.status() != "zombie" for member in family)


def test_a_process_that_is_asked_to_end_has_the_time_to(home: Path) -> None:
    last_words = "import pathlib, signal, time; path = pathlib.Path('ended')\n"
    last_words += "def end(*_): time.sleep(0.5); path.touch(); raise SystemExit\n"
    started(home, f"{last_words}signal.signal(signal.SIGTERM, end)\n{SLEEP}")
    stop_all(home, grace_seconds=60)
    assert (home / "ended").exists()


def test_another_cloud_is_left_alone(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    spawned = started(other, SLEEP)
    assert stop_all(home) == 0
    assert spawned.process.poll() is None
    assert stop_all(other) == 1
