import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from local.errors import PortTaken, StepFailed
from local.ports import choose_port
from local.processes import Spawned, of_cloud, spawn, stop_all
from local.progress import Stage, Step
from local.servers import Server, start_servers
from local.state import CloudState, load

# Says whose it is: every process of a cloud has the cloud's directory in its environment.
STAND_IN = """
import http.server, os, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["SELFHEAL_LOCAL_HOME"].encode())

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
NAMES = ("ministack", "devtools")


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[list[Path]]:
    homes = [tmp_path / "one", tmp_path / "two"]
    yield homes
    for home in homes:
        stop_all(home, grace_seconds=0.5)


def server(name: str, code: str = STAND_IN) -> Server:
    def start(home: Path, state: CloudState) -> Spawned:
        command = [sys.executable, "-c", code, state.url(name).rpartition(":")[2]]
        return spawn(name, command, environment=dict(os.environ), home=home, directory=home)

    return Server(name, name, "/", start)


def free_ports() -> dict[str, int]:
    first = choose_port(0).number
    return {"ministack": first, "devtools": choose_port(0, [first]).number}


def owners(state: CloudState) -> list[str]:
    return [urlopen(state.url(name)).read().decode() for name in NAMES]


def test_two_clouds_that_start_at_once_on_the_same_ports_get_servers_of_their_own(homes: list[Path]) -> None:
    both_have_planned, planned = threading.Barrier(2), set[Path]()

    def after_both(each: Server) -> Server:
        def start(home: Path, state: CloudState) -> Spawned:
            if home not in planned:
                planned.add(home)
                both_have_planned.wait(240)
            return each.start(home, state)

        return replace(each, start=start)

    servers, ports = [after_both(server(name)) for name in NAMES], free_ports()
    told: dict[Path, list[Step]] = {home: [] for home in homes}

    def begin(home: Path) -> CloudState:
        return start_servers(home, ports, told[home].append, servers)

    with ThreadPoolExecutor(2) as pool:
        states = list(pool.map(begin, homes))
    assert [owners(state) for state in states] == [[str(home)] * 2 for home in homes]
    assert [load(home) for home in homes] == states
    assert all(each.is_up(state) for each in servers for state in states)
    assert all(
        sorted(process.pid for process in of_cloud(home)) == sorted(state.pids.values())
        for home, state in zip(homes, states, strict=True)
    )
    notes = [step.detail for steps in told.values() for step in steps if step.stage is Stage.NOTE]
    assert any("another process was first" in note for note in notes)


def test_another_cloud_at_a_remembered_address_is_not_taken_for_our_own(homes: list[Path]) -> None:
    ours, theirs = homes
    servers = [server(name) for name in NAMES]
    for _ in range(10):  # a port that is given back may be a stranger's before it is asked for again
        state = start_servers(ours, free_ports(), lambda step: None, servers)
        stop_all(ours)
        ports = {name: int(state.url(name).rpartition(":")[2]) for name in NAMES}
        other = start_servers(theirs, ports, lambda step: None, servers)
        if all(other.url(name) == state.url(name) for name in NAMES):
            break
        stop_all(theirs)
    assert owners(state) == [str(theirs)] * 2
    assert not any(each.is_up(state) for each in servers)


def test_a_server_that_never_gets_a_port_is_told_and_leaves_what_ran_before(homes: list[Path]) -> None:
    home = homes[0]
    before = spawn("before", ["sleep", "600"], environment=dict(os.environ), home=home, directory=home.parent)
    while before.process.pid not in {process.pid for process in of_cloud(home)}:
        time.sleep(0.01)  # a process that has just been started has no environment to be known by yet
    unlucky = server("devtools", "raise OSError('Address already in use')")
    with pytest.raises(PortTaken, match="devtools"):
        start_servers(home, free_ports(), lambda step: None, [server("ministack"), unlucky])
    assert before.process.poll() is None


def test_a_server_that_fails_for_another_reason_is_not_tried_again(homes: list[Path]) -> None:
    told: list[Step] = []
    broken = server("devtools", "raise SystemExit(3)")
    with pytest.raises(StepFailed, match="exit status 3"):
        start_servers(homes[0], free_ports(), told.append, [server("ministack"), broken])
    assert [step.stage for step in told] == [Stage.RUNNING]
