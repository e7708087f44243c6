"""The life cycle of the local cloud: MiniStack, the developer-tools simulator and the deployed stack."""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from local import deploy
from local.counting import counted
from local.errors import CloudBusy, CloudNotRunning, InvalidState
from local.leftovers import delete_set_aside, put_away, set_aside
from local.processes import of_cloud, stop_all
from local.progress import Stage, Step, Tell
from local.servers import DEVTOOLS, MINISTACK, start_servers
from local.state import CloudState, forget, load, save

MINISTACK_PORT = 4566
DEVTOOLS_PORT = 4567


@dataclass(frozen=True, slots=True)
class Status:
    """How the local cloud stands. ``state``: None when nothing was started; ``processes``: how many run.

    ``ministack`` and ``devtools``: whether the very processes that were started for it answer.
    """

    state: CloudState | None
    ministack: bool
    devtools: bool
    processes: int

    @property
    def running(self) -> bool:
        """Whether both servers answer and the stack is deployed."""
        return self.ministack and self.devtools and bool(self.state and self.state.outputs)

    @property
    def problem(self) -> str:
        """Which servers do not answer although they were started, in words; empty when all is well."""
        up = {MINISTACK.title: self.ministack, DEVTOOLS.title: self.devtools}
        silent = [title for title, answers in up.items() if not answers]
        return f"no answer from {' and '.join(silent)}" if self.state and silent else ""


class LocalCloud:
    """One local cloud. All it has lives in ``home``: state, logs, work directories, the built application.

    ``ministack_port`` and ``devtools_port`` are preferences (0: none); one in use is replaced by a free one.
    ``parameters`` are those of the stack that shall differ from samconfig.toml.
    """

    def __init__(
        self,
        home: Path = deploy.ROOT / ".local",
        *,
        ministack_port: int = MINISTACK_PORT,
        devtools_port: int = DEVTOOLS_PORT,
        parameters: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.home = home.resolve()
        self._parameters = parameters
        self._ports = {MINISTACK.name: ministack_port, DEVTOOLS.name: devtools_port}

    def up(self, tell: Tell) -> CloudState:
        """Start what is not running and deploy the application as it stands now. Raises LocalCloudError.

        Whatever goes wrong on the way, Ctrl-C included, nothing that this has started is left running.
        """
        with self._lock("starting"):
            return self._up(self._found(tell), tell)

    def down(self, tell: Tell) -> int:
        """Stop everything, also what an earlier crash left behind. Gives the number of processes stopped."""
        with self._lock("stopping"):
            return self._down(tell)

    @contextmanager
    def visit(
        self, tell: Tell, *, keep: bool, parameters: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[CloudState]:
        """The running cloud, as ``up`` gives it, while nobody else starts, stops or visits it.

        ``parameters`` of the stack differ for this visit. One that ran before stays. One started here stays only when
        all goes well and it is to be kept.
        """
        with self._lock("playing a demo on"):
            found = self._found(tell)
            state = self._up(found, tell, parameters)
            stays = found is not None
            try:
                yield state
                stays = stays or keep
            finally:
                self._end_visit(tell, stays=stays, found=found is not None)

    def status(self) -> Status:
        """How it stands right now. Raises InvalidState."""
        state = load(self.home)
        return Status(
            state=state,
            ministack=state is not None and MINISTACK.is_up(state),
            devtools=state is not None and DEVTOOLS.is_up(state),
            processes=len(of_cloud(self.home)),
        )

    def running(self) -> CloudState:
        """The state of the running cloud. Raises CloudNotRunning with the command that starts it."""
        status = self.status()
        if status.state is None or not status.running:
            problem = f" ({status.problem})" if status.problem else ""
            raise CloudNotRunning(
                f"the local cloud is not running{problem}; start it with: selfheal local up"
            )
        return status.state

    @contextmanager
    def _lock(self, doing: str) -> Iterator[None]:
        """The system gives the lock back when its holder dies, however that happens."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                who = file.read() or "another command is using"
                raise CloudBusy(f"{who} the local cloud in {self.home}; wait for it or end it") from error
            file.truncate(0)
            file.write(f"process {os.getpid()} is {doing}")
            file.flush()
            yield

    def _found(self, tell: Tell) -> CloudState | None:
        """The running cloud; None, with everything stopped that is left of an earlier one, when there is none."""
        try:
            status = self.status()
        except InvalidState as error:
            problem = str(error)
        else:
            if status.state and not status.problem:
                tell(Step("servers", Stage.DONE, f"already running: {status.state.ministack_url}"))
                return status.state
            problem = status.problem
        if problem:
            tell(Step("servers", Stage.NOTE, f"starting anew: {problem}"))
        self._stop()
        return None

    def _up(
        self,
        found: CloudState | None,
        tell: Tell,
        parameters: Mapping[str, str] = MappingProxyType({}),
    ) -> CloudState:
        try:
            tell(Step("build", Stage.RUNNING, "sam build"))
            started = time.monotonic()
            building = deploy.begin_build(self.home)
            state = found or self._start_servers(tell)
            deploy.finish_build(building)
            tell(Step("build", Stage.DONE, f"sam build, {time.monotonic() - started:.0f} s"))
            return self._deploy(state, tell, {**self._parameters, **parameters})
        except BaseException:
            if found:
                stop_all(self.home, spare=found.pids.values())
            else:
                self._stop()
            raise

    def _start_servers(self, tell: Tell) -> CloudState:
        state = start_servers(self.home, self._ports, tell, (MINISTACK, DEVTOOLS))
        text = f"AWS at {state.ministack_url}, its developer tools at {state.devtools_url}"
        tell(Step("servers", Stage.DONE, text))
        return state

    def _deploy(self, state: CloudState, tell: Tell, parameters: Mapping[str, str]) -> CloudState:
        tell(Step("deploy", Stage.RUNNING, "sam deploy"))
        started = time.monotonic()
        state = replace(state, outputs=deploy.deploy(self.home, state, parameters))
        save(self.home, state)
        tell(Step("deploy", Stage.DONE, f"sam deploy of {state.stack}, {time.monotonic() - started:.0f} s"))
        return state

    def _end_visit(self, tell: Tell, *, stays: bool, found: bool) -> None:
        try:
            if problem := self.status().problem:
                tell(Step("servers", Stage.NOTE, f"{problem}; see {self.home / 'logs'}"))
        finally:
            if not stays:
                self._down(tell)
        if found:
            text = "the local cloud ran before, so it is left running; stop it: selfheal local down"
            tell(Step("stop", Stage.NOTE, text))

    def _down(self, tell: Tell) -> int:
        tell(Step("stop", Stage.RUNNING, "stopping the local cloud"))
        stopped = self._stop()
        told = f"{counted(stopped, 'process', 'processes')} stopped; what they wrote is being deleted in the background"
        tell(Step("stop", Stage.DONE, told if stopped else "nothing was running"))
        return stopped

    def _stop(self) -> int:
        # Before MiniStack ends, or it would delete the copies of the layer one by one until it is killed.
        set_aside(self.home / "tmp")
        stopped = stop_all(self.home)
        forget(self.home)
        for name in ("devtools", "repositories", "tmp"):
            put_away(self.home / name)
        delete_set_aside(self.home)
        return stopped
