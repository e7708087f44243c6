"""Plays scenarios side by side on the running local cloud and gathers their results."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.people import LocalPeople
from local.play import Play, Theatre, Update
from local.records import local_records
from local.result import Result
from local.scenario import Scenario
from local.state import CloudState
from local.workplace import Workplace

AT_ONCE = 3


def run_demo(
    state: CloudState, home: Path, scenarios: Sequence[Scenario], tell: Callable[[Update], None]
) -> list[Result]:
    """Play the scenarios, a few at a time and the longest first, those that stop the whole stack last and alone.

    Results are in the given order. Ctrl-C ends them all at once.
    """
    stop = threading.Event()
    theatre = _theatre(state, home, tell, stop)
    together = [scenario for scenario in scenarios if not scenario.alone]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            playing = {each.name: pool.submit(_play, each, theatre) for each in _longest_first(together)}
            results = {name: future.result() for name, future in playing.items()}
            results |= {each.name: _play(each, theatre) for each in scenarios if each.alone}
            return [results[scenario.name] for scenario in scenarios]
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _longest_first(scenarios: Sequence[Scenario]) -> list[Scenario]:
    return sorted(scenarios, key=lambda scenario: -scenario.truth.builds - scenario.truth.deployments)


def _play(scenario: Scenario, theatre: Theatre) -> Result:
    return Play(scenario, theatre).perform()


def _theatre(state: CloudState, home: Path, tell: Callable[[Update], None], stop: threading.Event) -> Theatre:
    workplace = Workplace(state, home)
    return Theatre(
        free_name=workplace.free_name,
        subject=workplace.subject,
        records=local_records(state),
        people=LocalPeople(state),
        directory=workplace.repositories,
        tell=tell,
        stop=stop,
        where_to_look=(
            f"Look at {home / 'logs'} and at the execution: aws --endpoint-url {state.ministack_url} "
            f"stepfunctions list-executions --state-machine-arn {state.outputs['StateMachineArn']}"
        ),
    )
