"""One shell that runs all commands of a build, as CodeBuild does with buildspec version 0.2."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil

POLL_SECONDS = 0.1
DEATH_SECONDS = 20.0
ENDED = "ended"


class CutShortError(Exception):
    """A command was cut short; ``reason`` is ``TIMED_OUT`` or ``STOPPED``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Shell:
    """A live shell: variables, functions and the working directory survive from one command to the next.

    A command that ends the shell (``exit 1``) fails with that status; the next one gets a new shell that
    starts in the same directory with the same exported variables.
    """

    def __init__(
        self,
        program: str,
        directory: Path,
        env: Mapping[str, str],
        scratch: Path,
        emit: Callable[[str], None],
        stop: threading.Event,
    ) -> None:
        self._program, self._directory, self._env = program, directory, dict(env)
        self._scratch, self._emit, self._stop = scratch, emit, stop
        self._marker = f"\x1e{secrets.token_hex(12)} "
        self._process: subprocess.Popen[bytes] | None = None
        self._past: list[subprocess.Popen[bytes]] = []
        self._commands = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def set_variable(self, name: str, value: str) -> None:
        """Export a variable into the running shell and into those that may follow it."""
        self._env[name] = value
        self._send(f"export {name}={shlex.quote(value)}\n")

    def run(self, command: str, deadline: float) -> int:
        """Run ``command`` and return its exit status; output lines go to ``emit`` while it runs.

        ``deadline`` is an epoch time in seconds. Raises CutShortError after it, or when asked to stop.
        """
        self._commands += 1
        script = self._scratch / f"command-{self._commands}.sh"
        script.write_text(command + "\n")
        # The script's input is closed off so that no command can eat the ones that follow it.
        self._send(f". {shlex.quote(str(script))} </dev/null\n__status=$?\n{self._report('$__status')}\n")
        return self._wait(deadline)

    def value(self, name: str, deadline: float) -> str:
        """The value of a variable; empty when it is not set."""
        file = self._scratch / "value"
        self.run(f'printf %s "${{{name}-}}" >{shlex.quote(str(file))}', deadline)
        return file.read_text()

    def close(self) -> None:
        """End the shell and everything it started, and what shells before it left running."""
        for process in (*self._past, self._process):
            if process is not None:
                kill_tree(process)
        self._past, self._process = [], None

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - running a project's commands is what this is for
            [self._program],
            cwd=self._directory,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._process = process
        state = shlex.quote(str(self._scratch / "state.sh"))
        # Descriptor 9 keeps the way back open when a command redirects the shell's own output.
        self._send(
            "exec 9>&1\n"
            f'[ -f {state} ] && . {state} && cd "$__directory"\n'
            f'trap \'__status=$?; export __directory="$PWD"; export -p >{state}; '
            f"{self._report('$__status ' + ENDED)}' EXIT\n"
        )
        return process

    def _report(self, status: str) -> str:
        octal = self._marker.replace("\x1e", "\\036")
        return f'printf "{octal}%s\\n" "{status}" >&9'

    def _send(self, text: str) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            if process is not None:
                self._past.append(process)
            process = self._start()
        assert process.stdin is not None  # noqa: S101 - opened with a pipe
        # A shell that has just died is noticed by the reader, which knows its exit status.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(text.encode())
            process.stdin.flush()

    def _wait(self, deadline: float) -> int:
        process, pending = self._process, b""
        assert process is not None and process.stdout is not None  # noqa: S101 - started by _send
        marker = self._marker.encode()
        while True:
            if self._stop.is_set() or time.time() > deadline:
                self._flush(pending)
                self.close()
                raise CutShortError("STOPPED" if self._stop.is_set() else "TIMED_OUT")
            # Asked before the pipe is: what it said at the very last is read before its end counts.
            over = process.poll() is not None
            readable, _, _ = select.select([process.stdout], [], [], POLL_SECONDS)
            chunk = os.read(process.stdout.fileno(), 65536) if readable else b""
            if not chunk and over:
                self._flush(pending)
                return _exit_status(process.returncode)
            pending += chunk
            before, found, after = pending.partition(marker)
            if found and b"\n" in after:
                self._flush(before)
                return self._read_report(after.partition(b"\n")[0].decode())
            pending = self._flush_lines(pending) if not found else pending

    def _read_report(self, report: str) -> int:
        status, _, ended = report.partition(" ")
        if ended and self._process is not None:
            self._process.wait()
        return int(status)

    def _flush_lines(self, data: bytes) -> bytes:
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._emit(line.decode(errors="replace"))
        return rest

    def _flush(self, data: bytes) -> None:
        if rest := self._flush_lines(data):
            self._emit(rest.decode(errors="replace"))


def _exit_status(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, its group and its descendants that left the group, and wait until they are dead."""
    family = [*_descendants(process.pid), *_group(process.pid)]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    process.wait()
    deadline = time.monotonic() + DEATH_SECONDS
    while time.monotonic() < deadline and any(_is_alive(member) for member in family):
        time.sleep(0.005)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _group(leader: int) -> Iterator[psutil.Process]:
    # The leader may be gone while what it left in the background goes on.
    for member in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(member.pid) == leader:
                yield member


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
