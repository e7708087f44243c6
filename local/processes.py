"""Starts, watches and stops the processes of a local cloud.

Every process carries the cloud's home directory in its environment and so do its children. That is how the
processes of one local cloud are told from everything else on the machine, even after a crash.
"""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from local.errors import StepFailed
from local.interrupts import uninterrupted

MARKER = "SELFHEAL_LOCAL_HOME"
POLL_SECONDS = 0.1
GRACE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Spawned:
    """A process of the local cloud and the file its output goes to."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def require_alive(self) -> None:
        """Raise StepFailed when it has ended although it should be running."""
        code = self.process.poll()
        if code is not None:
            raise StepFailed(self.name, f"ended with exit status {code}", self.log)


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


def wait_until_healthy(spawned: Spawned, url: str, seconds: float) -> None:
    """Wait until ``url`` answers. Raises StepFailed when the process ends or does not answer in time."""
    deadline = time.monotonic() + seconds
    while not answers(url):
        spawned.require_alive()
        if time.monotonic() > deadline:
            raise StepFailed(spawned.name, f"did not answer at {url} within {seconds:g} s", spawned.log)
        time.sleep(POLL_SECONDS)


def answers(url: str) -> bool:
    """Whether a GET of this loopback address is answered with success."""
    try:
        with urlopen(url, timeout=2) as reply:  # noqa: S310 - loopback addresses that we made
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


def of_cloud(home: Path) -> list[psutil.Process]:
    """All running processes of the local cloud that lives in ``home``, and all their descendants."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get(MARKER) == str(home):
            found[process.pid] = process
            found.update((child.pid, child) for child in _descendants(process))
    return [process for process in found.values() if _is_running(process)]


def stop_all(home: Path, grace_seconds: float = GRACE_SECONDS) -> int:
    """End every process of the local cloud: first by SIGTERM, what remains by SIGKILL. Gives their number."""
    with uninterrupted():
        processes = of_cloud(home)
        for process in _leaders(processes):
            _signal(process, "terminate")
        _, remaining = psutil.wait_procs(processes, timeout=grace_seconds)
        for process in {*remaining, *of_cloud(home)}:
            _signal(process, "kill")
        psutil.wait_procs(remaining, timeout=grace_seconds)
        return len(processes)


def _leaders(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that no other of them has started: they end their own children in good order."""
    pids = {process.pid for process in processes}
    return [process for process in processes if _parent(process) not in pids]


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.NoSuchProcess:
        return 0


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


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
