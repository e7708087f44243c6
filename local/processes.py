"""Starts, watches and stops the processes of a local cloud.

Every process carries the cloud's home directory in its environment and so do its children. That is how the
processes of one local cloud are told from everything else on the machine, even after a crash.
"""

import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import psutil

from local.errors import PortTaken, StepFailed
from local.interrupts import uninterrupted

# The addresses asked are on this machine: a proxy, where one is set, does not know them.
_DIRECT = build_opener(ProxyHandler({}))

MARKER = "SELFHEAL_LOCAL_HOME"
POLL_SECONDS = 0.1
ANSWER_SECONDS = 15.0  # of a server that listens: one that is busy is not gone
GRACE_SECONDS = 8.0
PORT_IN_USE = "already in use"  # Python's words for EADDRINUSE in every locale, and MiniStack's own


@dataclass(frozen=True, slots=True)
class Spawned:
    """A process of the local cloud and the file its output goes to."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def require_alive(self) -> None:
        """Raise StepFailed when it has ended although it should be running, PortTaken when for its port."""
        code = self.process.poll()
        if code is not None:
            kind = PortTaken if PORT_IN_USE in self.log.read_text(errors="replace").lower() else StepFailed
            raise kind(self.name, f"ended with exit status {code}", self.log)


def spawn(
    name: str, command: Sequence[str], *, environment: Mapping[str, str], home: Path, directory: Path
) -> Spawned:
    """Start a process in a group of its own, so that a Ctrl-C meant for us does not reach it first."""
    log = home / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - commands are our own, no shell
            command,
            env={**environment, MARKER: str(home)},
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Spawned(name, process, log)


def wait_until_serving(spawned: Spawned, url: str, seconds: float) -> None:
    """Wait until this very process answers at ``url``; a stranger's answer on the same port does not count.

    Raises PortTaken when the process ended because the port is another's, StepFailed when it ended for
    another reason or does not answer in time.
    """
    deadline = time.monotonic() + seconds
    while not serves(spawned.process.pid, url):
        spawned.require_alive()
        if time.monotonic() > deadline:
            raise StepFailed(spawned.name, f"did not answer at {url} within {seconds:g} s", spawned.log)
        time.sleep(POLL_SECONDS)


def serves(pid: int, url: str) -> bool:
    """Whether the process with this id listens on the port of a loopback address and answers there."""
    return _listens(pid, urlsplit(url).port) and _answers(url)


def _listens(pid: int, port: int | None) -> bool:
    try:
        sockets = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)


def _answers(url: str) -> bool:
    try:
        with _DIRECT.open(url, timeout=ANSWER_SECONDS) as reply:
            return bool(reply.status == 200)
    except (URLError, TimeoutError, ConnectionError):
        return False


def wait_until_done(spawned: Spawned, seconds: float) -> None:
    """Wait for a command to end well. Raises StepFailed when it fails or takes longer."""
    try:
        code = spawned.process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise StepFailed(spawned.name, f"did not end within {seconds:g} s", spawned.log) from error
    if code != 0:
        raise StepFailed(spawned.name, f"failed with exit status {code}", spawned.log)


def of_cloud(home: Path, spare: Collection[int] = ()) -> list[psutil.Process]:
    """All running processes of the local cloud in ``home`` and their descendants, but not those of ``spare``."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get(MARKER) == str(home):
            found.update((each.pid, each) for each in _family(process))
    spared = {each.pid for pid in spare if pid in found for each in _family(found[pid])}
    return [each for pid, each in found.items() if pid not in spared and _is_running(each)]


def stop_all(home: Path, grace_seconds: float = GRACE_SECONDS, spare: Collection[int] = ()) -> int:
    """End every process of the local cloud but ``spare`` and what those started; gives their number.

    First by SIGTERM those that no other of them has started, which end their own; as soon as they are gone, what
    they have left (MiniStack leaves its workers) by SIGKILL.
    """
    with uninterrupted():
        processes = of_cloud(home, spare)
        leaders = _leaders(processes)
        for process in leaders:
            _signal(process, "terminate")
        have_ended(leaders, grace_seconds)
        remaining = {*filter(_is_running, processes), *of_cloud(home, spare)}
        for process in remaining:
            _signal(process, "kill")
        have_ended(list(remaining), grace_seconds)
        return len(processes)


def have_ended(processes: Sequence[psutil.Process], seconds: float) -> bool:
    """Wait until all have ended, so long at most. A zombie has, though its parent may never ask for it."""
    deadline = time.monotonic() + seconds
    while running := any(map(_is_running, processes)):
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    psutil.wait_procs(processes, timeout=0)  # takes the zombies away that are children of ours
    return not running


def _leaders(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that no other of them has started: they end their own children in good order."""
    pids = {process.pid for process in processes}
    return [process for process in processes if _parent(process) not in pids]


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.NoSuchProcess:
        return 0


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return [process]


def _is_running(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, way: str) -> None:
    try:
        getattr(process, way)()
    except psutil.NoSuchProcess:
        return
