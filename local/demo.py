"""Plays scenarios side by side on the running local cloud and gathers their results."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.clients import client
from local.developer import Developer
from local.play import Play, Theatre, Update
from local.records import local_records
from local.result import Result
from local.scenario import Scenario
from local.state import CloudState

AT_ONCE = 3


def run_demo(
    state: CloudState, home: Path, scenarios: Sequence[Scenario], tell: Callable[[Update], None]
) -> list[Result]:
    """Play the scenarios, a few at a time and the longest first; results in the given order.

    Ctrl-C ends them all at once.
    """
    longest_first = sorted(range(len(scenarios)), key=lambda number: -scenarios[number].truth.builds)
    stop = threading.Event()
    theatre = _theatre(state, home, tell, stop)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            playing = {number: pool.submit(_play, scenarios[number], theatre) for number in longest_first}
            return [playing[number].result() for number in range(len(scenarios))]
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _play(scenario: Scenario, theatre: Theatre) -> Result:
    return Play(scenario, theatre).perform()


def _theatre(state: CloudState, home: Path, tell: Callable[[Update], None], stop: threading.Event) -> Theatre:
    return Theatre(
        developer=Developer(client(state, "codebuild")),
        records=local_records(state),
        directory=home / "repositories",
        tell=tell,
        stop=stop,
        where_to_look=(
            f"Look at {home / 'logs'} and at the execution: aws --endpoint-url {state.ministack_url} "
            f"stepfunctions list-executions --state-machine-arn {state.outputs['StateMachineArn']}"
        ),
    )
