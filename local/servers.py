"""The two servers of a local cloud: MiniStack and the developer-tools simulator."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from local.errors import PortTaken
from local.ports import HOST, choose_port
from local.processes import Spawned, of_cloud, serves, spawn, stop_all, wait_until_serving
from local.progress import Stage, Step, Tell
from local.state import CloudState, environment, save

SOURCES = Path(__file__).parent.parent
HEALTHY_SECONDS = 240.0
ATTEMPTS = 5
MINUTE_SECONDS = 1.0  # of a time limit: CodeBuild allows none below five minutes
MOST_BUILDS = 8  # more than the demo starts at once: a build that waits for another one looks slow


@dataclass(frozen=True, slots=True)
class Server:
    """One server: its names for machines and people, its page that tells it is up, and how to start it."""

    name: str
    title: str
    health: str
    start: Callable[[Path, CloudState], Spawned]

    def is_up(self, state: CloudState) -> bool:
        """Whether the process that was started for it answers at its address."""
        return serves(state.pids.get(self.name, 0), state.url(self.name) + self.health)


def start_servers(home: Path, ports: Mapping[str, int], tell: Tell, servers: Sequence[Server]) -> CloudState:
    """Start all on the preferred ports (0: none), on others where those are in use. Raises StepFailed.

    A port that was free can be another's a moment later. Each server knows the other's address from its
    start, so when one loses its port all are started anew.
    """
    preferred = dict(ports)
    others = {process.pid for process in of_cloud(home)}
    for _ in range(ATTEMPTS - 1):
        try:
            return _start(home, _plan(preferred, tell), servers)
        except PortTaken as lost:
            text = f"another process was first on the port of {lost.step}, which tries another one"
            tell(Step("servers", Stage.NOTE, text))
            preferred[lost.step] = 0
            stop_all(home, spare=others)
    return _start(home, _plan(preferred, tell), servers)


def _start(home: Path, state: CloudState, servers: Sequence[Server]) -> CloudState:
    started = [(server, server.start(home, state)) for server in servers]
    state = replace(state, pids={spawned.name: spawned.process.pid for _, spawned in started})
    save(home, state)
    for server, spawned in started:
        wait_until_serving(spawned, state.url(server.name) + server.health, HEALTHY_SECONDS)
    return state


def _plan(preferred: Mapping[str, int], tell: Tell) -> CloudState:
    tell(Step("servers", Stage.RUNNING, "MiniStack and the developer-tools simulator"))
    numbers: dict[str, int] = {}
    for name, wanted in preferred.items():
        port = choose_port(wanted, numbers.values())
        numbers[name] = port.number
        if port.instead_of:
            text = f"port {port.instead_of} is in use, {name} takes {port.number}"
            tell(Step("servers", Stage.NOTE, text))
    urls = {name: f"http://{HOST}:{number}" for name, number in numbers.items()}
    return CloudState(urls["ministack"], urls["devtools"], pids={})


def _start_ministack(home: Path, state: CloudState) -> Spawned:
    temporary = home / "tmp"
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
    return spawn("ministack", command, environment=settings, home=home, directory=home)


def _start_devtools(home: Path, state: CloudState) -> Spawned:
    command = [
        *(sys.executable, "-m", "local.devtools"),
        *("--port", state.devtools_url.rpartition(":")[2]),
        *("--state", str(home / "devtools")),
        *("--ministack", state.ministack_url),
        *("--max-builds", str(MOST_BUILDS)),
        *("--minute-seconds", str(MINUTE_SECONDS)),
    ]
    return spawn("devtools", command, environment=environment(state), home=home, directory=SOURCES)


MINISTACK = Server("ministack", "MiniStack", "/_ministack/health", _start_ministack)
DEVTOOLS = Server("devtools", "the developer-tools simulator", "/_devtools/health", _start_devtools)
