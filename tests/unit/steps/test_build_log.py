"""The excerpt of a run's log, held against the pipeline's good runs."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest

from selfheal.diagnose.excerpt import EXCERPT_BYTES
from selfheal.diagnose.redact import Redactor
from selfheal.domain.errors import RequestRejected
from selfheal.domain.run import LogLocation, LogObject, Run, RunStatus
from selfheal.ports import LogLine
from selfheal.steps import build_log
from selfheal.steps.build_log import read_log
from selfheal.testing.builders import NOON, a_measurement, a_run
from selfheal.testing.memory import MemoryRuns
from selfheal.testing.service import FakeService

FAILED = a_run()
WORDS = ["alpha", "beta", "gamma", "delta", "omega", "sigma"]
CHATTER = [f"step {' '.join(words)}" for words in product(WORDS, repeat=5)]
ODD = "the answer of the shop is a teapot"
LOG = [*CHATTER[:4000], ODD, *CHATTER[4000:], "exit 2"]


def pipeline(*logs_of_good_runs: list[str]) -> tuple[FakeService, MemoryRuns]:
    """A failed run with a long log, and good ones before it."""
    service, runs = FakeService(), MemoryRuns()
    service.add(FAILED, *LOG)
    for age, log in enumerate(logs_of_good_runs, 1):
        started = NOON - timedelta(hours=age)
        good = a_run(f"shop:good-{age}", RunStatus.SUCCEEDED, started_at=started)
        service.add(good, *log)
        runs.save(a_measurement(good.ref.run_id, started_at=started))
    return service, runs


def excerpt_of(service: FakeService, runs: MemoryRuns, run: Run = FAILED) -> list[str]:
    lines, trouble = read_log(run, Redactor(run.secrets), logs=service, reader=service, runs=runs)
    assert trouble == ""
    return [line.text for line in lines]


def test_what_good_runs_do_not_say_is_kept_far_from_the_end() -> None:
    assert ODD in excerpt_of(*pipeline([*CHATTER, "exit 0"]))


def test_what_good_runs_say_as_well_is_not() -> None:
    assert ODD not in excerpt_of(*pipeline([*CHATTER, ODD, "exit 0"]))


def test_good_runs_are_compared_whatever_order_and_numbers_they_say_it_in() -> None:
    assert ODD in excerpt_of(*pipeline([f"2026/01/15 12:00:01 {text}" for text in reversed(CHATTER)]))


@pytest.mark.parametrize("good", [[], [["something else"]]], ids=["no good run", "an unlike one"])
def test_without_a_like_the_excerpt_still_has_the_end_and_holds_its_size(good: list[list[str]]) -> None:
    texts = excerpt_of(*pipeline(*good))
    assert texts[-1] == "exit 2"
    assert sum(len(text) + 1 for text in texts) <= EXCERPT_BYTES


def test_a_good_run_whose_log_is_too_long_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_log, "COMPARED_LINES", len(CHATTER) - 1)
    assert ODD not in excerpt_of(*pipeline(CHATTER))


def test_a_good_run_that_codebuild_forgot_is_passed_over() -> None:
    service, runs = pipeline(CHATTER, CHATTER)
    del service.runs["shop:good-1"]
    assert ODD in excerpt_of(service, runs)


def test_a_good_runs_log_that_may_not_be_read_is_passed_over() -> None:
    class Picky(FakeService):
        def lines(self, place: LogLocation | LogObject) -> Iterator[LogLine]:
            if place != FAILED.log:
                raise RequestRejected("logs:GetLogEvents: AccessDeniedException")
            yield from super().lines(place)

    service, runs = pipeline(CHATTER)
    picky = Picky(runs=service.runs, logs=service.logs)
    assert excerpt_of(picky, runs)[-1] == "exit 2"


def test_a_log_of_which_nothing_is_left_out_asks_for_no_other() -> None:
    class Alone(FakeService):
        def read(self, ref: object) -> Run:
            raise AssertionError("no other run needs to be read")

    service, runs = pipeline(CHATTER)
    alone = Alone(runs=service.runs, logs={FAILED.log: CHATTER[:100]} if FAILED.log else {})
    assert excerpt_of(alone, runs) == CHATTER[:100]


def test_secrets_of_the_build_do_not_come_out() -> None:
    run = a_run(secrets=("a-plain-value-of-it",))
    service, runs = FakeService(), MemoryRuns()
    service.add(run, *CHATTER, "sending a-plain-value-of-it", *CHATTER, "error: a-plain-value-of-it refused")
    assert "a-plain-value-of-it" not in "\n".join(excerpt_of(service, runs, run))


def test_a_run_without_a_log_has_no_lines() -> None:
    assert excerpt_of(FakeService(), MemoryRuns(), a_run(log=None)) == []
