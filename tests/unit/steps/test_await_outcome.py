"""await_outcome and ingest_run together: whichever comes first, the waiting state is resumed once."""

from selfheal.domain.run import RunStatus
from selfheal.steps.await_outcome import AwaitRequest, await_outcome
from selfheal.testing.builders import a_measurement
from selfheal.testing.memory import MemoryRuns, MemoryWaiters

REQUEST = AwaitRequest("incident", "shop:2", "secret-token")


def test_the_token_waits_for_a_run_that_is_not_over() -> None:
    waiters, runs = MemoryWaiters(), MemoryRuns()
    assert not await_outcome(REQUEST, waiters=waiters, runs=runs, resumer=waiters)
    assert waiters.of_run("shop:2") == ["secret-token"] and waiters.resumed == []


def test_a_run_that_ended_first_resumes_at_once() -> None:
    waiters, runs = MemoryWaiters(), MemoryRuns()
    runs.save(a_measurement("shop:2", RunStatus.FAILED))
    assert await_outcome(REQUEST, waiters=waiters, runs=runs, resumer=waiters)
    assert waiters.resumed == [("secret-token", {"run_id": "shop:2", "status": "FAILED"})]


def test_asked_twice_it_resumes_once() -> None:
    waiters, runs = MemoryWaiters(), MemoryRuns()
    runs.save(a_measurement("shop:2"))
    await_outcome(REQUEST, waiters=waiters, runs=runs, resumer=waiters)
    assert not await_outcome(REQUEST, waiters=waiters, runs=runs, resumer=waiters)
    assert len(waiters.resumed) == 1


def test_the_token_does_not_show_in_a_log() -> None:
    assert "secret-token" not in repr(REQUEST)
