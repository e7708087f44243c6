"""The life cycle of the local cloud: MiniStack, the developer-tools simulator and the deployed stack."""

import fcntl
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from local import deploy
from local.errors import CloudBusy, CloudNotRunning, InvalidState
from local.ports import HOST, choose_port
from local.processes import Spawned, answers, of_cloud, spawn, stop_all, wait_until_healthy
from local.progress import Stage, Step, Tell
from local.state import CloudState, environment, forget, load, save

MINISTACK_PORT = 4566
DEVTOOLS_PORT = 4567
HEALTHY_SECONDS = 60.0
MINISTACK_HEALTH = "/_ministack/health"
DEVTOOLS_HEALTH = "/_devtools/health"


@dataclass(frozen=True, slots=True)
class Status:
    """How the local cloud stands. ``state``: None when nothing was started; ``processes``: how many run."""

    state: CloudState | None
    ministack: bool
    devtools: bool
    processes: int

    @property
    def running(self) -> bool:
        """Whether both servers answer and the stack is deployed."""
        return self.ministack and self.devtools and bool(self.state and self.state.outputs)


class LocalCloud:
    """One local cloud. All it has lives in ``home``: state, logs, work directories, the built application.

    ``ministack_port`` and ``devtools_port`` are preferences (0: none); one in use is replaced by a free one.
    """

    def __init__(
        self,
        home: Path = deploy.ROOT / ".local",
        *,
        ministack_port: int = MINISTACK_PORT,
        devtools_port: int = DEVTOOLS_PORT,
    ) -> None:
        self.home = home.resolve()
        self._ports = {"ministack": ministack_port, "devtools": devtools_port}

    def up(self, tell: Tell) -> CloudState:
        """Start what is not running and deploy the application as it stands now.

        Whatever goes wrong on the way, Ctrl-C included, nothing is left running. Raises LocalCloudError.
        """
        with self._lock():
            try:
                return self._up(tell)
            except BaseException:
                self._stop()
                raise

    def down(self, tell: Tell) -> int:
        """Stop everything, also what an earlier crash left behind. Gives the number of processes stopped."""
        with self._lock():
            tell(Step("stop", Stage.RUNNING, "stopping the local cloud"))
            stopped = self._stop()
            tell(
                Step("stop", Stage.DONE, f"{stopped} processes stopped" if stopped else "nothing was running")
            )
            return stopped

    def status(self) -> Status:
        """How it stands right now. Raises InvalidState."""
        state = load(self.home)
        return Status(
            state=state,
            ministack=state is not None and answers(state.ministack_url + MINISTACK_HEALTH),
            devtools=state is not None and answers(state.devtools_url + DEVTOOLS_HEALTH),
            processes=len(of_cloud(self.home)),
        )

    def running(self) -> CloudState:
        """The state of the running cloud. Raises CloudNotRunning with the command that starts it."""
        status = self.status()
        if status.state is None or not status.running:
            raise CloudNotRunning("the local cloud is not running; start it with: selfheal local up")
        return status.state

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = (
                    f"another command is starting or stopping the local cloud in {self.home}; wait for it"
                )
                raise CloudBusy(message) from error
            yield

    def _up(self, tell: Tell) -> CloudState:
        state = self._still_running(tell)
        if state is None:
            self._stop()
        tell(Step("build", Stage.RUNNING, "sam build"))
        started = time.monotonic()
        building = deploy.begin_build(self.home)
        state = state or self._start_servers(tell)
        deploy.finish_build(building)
        tell(Step("build", Stage.DONE, f"sam build, {time.monotonic() - started:.0f} s"))
        return self._deploy(state, tell)

    def _still_running(self, tell: Tell) -> CloudState | None:
        try:
            status = self.status()
        except InvalidState as error:
            tell(Step("servers", Stage.NOTE, f"starting anew: {error}"))
            return None
        if status.state is None or not (status.ministack and status.devtools):
            return None
        tell(Step("servers", Stage.DONE, f"already running: {status.state.ministack_url}"))
        return status.state

    def _start_servers(self, tell: Tell) -> CloudState:
        state = self._plan(tell)
        tell(Step("servers", Stage.RUNNING, "MiniStack and the developer-tools simulator"))
        ministack = self._spawn_ministack(state)
        self._remember(state, ministack)
        wait_until_healthy(ministack, state.ministack_url + MINISTACK_HEALTH, HEALTHY_SECONDS)
        devtools = self._spawn_devtools(state)
        state = self._remember(state, ministack, devtools)
        wait_until_healthy(devtools, state.devtools_url + DEVTOOLS_HEALTH, HEALTHY_SECONDS)
        tell(
            Step(
                "servers",
                Stage.DONE,
                f"AWS at {state.ministack_url}, its developer tools at {state.devtools_url}",
            )
        )
        return state

    def _plan(self, tell: Tell) -> CloudState:
        """Both servers must know each other's address before either is started."""
        numbers: dict[str, int] = {}
        for name, preferred in self._ports.items():
            port = choose_port(preferred, numbers.values())
            numbers[name] = port.number
            if port.instead_of:
                text = f"port {port.instead_of} is in use, {name} takes {port.number}"
                tell(Step("servers", Stage.NOTE, text))
        urls = {name: f"http://{HOST}:{number}" for name, number in numbers.items()}
        return CloudState(urls["ministack"], urls["devtools"], pids={})

    def _spawn_ministack(self, state: CloudState) -> Spawned:
        temporary = self.home / "tmp"
        temporary.mkdir(exist_ok=True)
        settings = {
            **environment(state),
            "AUTH": "true",
            "GATEWAY_PORT": state.ministack_url.rpartition(":")[2],
            "BIND_HOST": HOST,
            "TMPDIR": str(temporary),
            "LAMBDA_EXECUTOR": "local",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
        }
        command = [sys.executable, "-m", "ministack"]
        return spawn("ministack", command, environment=settings, home=self.home, directory=self.home)

    def _spawn_devtools(self, state: CloudState) -> Spawned:
        command = [
            *(sys.executable, "-m", "local.devtools"),
            *("--port", state.devtools_url.rpartition(":")[2]),
            *("--state", str(self.home / "devtools")),
            *("--ministack", state.ministack_url),
        ]
        settings = environment(state)
        return spawn("devtools", command, environment=settings, home=self.home, directory=deploy.ROOT)

    def _remember(self, state: CloudState, *spawned: Spawned) -> CloudState:
        state = replace(state, pids={each.name: each.process.pid for each in spawned})
        save(self.home, state)
        return state

    def _deploy(self, state: CloudState, tell: Tell) -> CloudState:
        tell(Step("deploy", Stage.RUNNING, "sam deploy"))
        started = time.monotonic()
        state = replace(state, outputs=deploy.deploy(self.home, state))
        save(self.home, state)
        tell(Step("deploy", Stage.DONE, f"sam deploy of {state.stack}, {time.monotonic() - started:.0f} s"))
        return state

    def _stop(self) -> int:
        stopped = stop_all(self.home)
        forget(self.home)
        for name in ("devtools", "repositories", "tmp"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        return stopped
