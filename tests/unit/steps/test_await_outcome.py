"""await_outcome and ingest_run together: whichever comes first, the waiting state is resumed once."""

from selfheal.domain.run import RunStatus
from selfheal.steps.await_outcome import AwaitRequest, await_outcome
from selfheal.testing.builders import a_measurement
from selfheal.testing.memory import MemoryBus, MemoryRuns
from selfheal.testing.waiters import MemoryWaiters, deliver

REQUEST = AwaitRequest("incident", "shop:2", "secret-token")
RESUMED = [("secret-token", {"run_id": "shop:2", "status": "FAILED"})]


def test_the_token_waits_for_a_run_that_is_not_over() -> None:
    waiters, runs, bus = MemoryWaiters(), MemoryRuns(), MemoryBus()
    assert not await_outcome(REQUEST, waiters=waiters, runs=runs, bus=bus)
    assert waiters.of("shop:2") == ["secret-token"] and bus.published == []


def test_a_run_that_ended_first_ends_the_wait_at_once() -> None:
    waiters, runs, bus = MemoryWaiters(), MemoryRuns(), MemoryBus()
    runs.save(a_measurement("shop:2", RunStatus.FAILED))
    assert await_outcome(REQUEST, waiters=waiters, runs=runs, bus=bus)
    deliver(bus, waiters)
    assert waiters.resumed == RESUMED


def test_a_run_that_was_set_aside_first_ends_the_wait_too() -> None:
    waiters, runs, bus = MemoryWaiters(), MemoryRuns(), MemoryBus()
    waiters.note_end("shop:2", "FAILED")
    assert await_outcome(REQUEST, waiters=waiters, runs=runs, bus=bus)
    deliver(bus, waiters)
    assert waiters.resumed == RESUMED


def test_asked_twice_it_resumes_once() -> None:
    waiters, runs, bus = MemoryWaiters(), MemoryRuns(), MemoryBus()
    runs.save(a_measurement("shop:2"))
    for _ in range(2):
        await_outcome(REQUEST, waiters=waiters, runs=runs, bus=bus)
        deliver(bus, waiters)
    assert len(waiters.resumed) == 1


def test_the_token_does_not_show_in_a_log_nor_on_the_bus() -> None:
    waiters, runs, bus = MemoryWaiters(), MemoryRuns(), MemoryBus()
    runs.save(a_measurement("shop:2"))
    await_outcome(REQUEST, waiters=waiters, runs=runs, bus=bus)
    assert "secret-token" not in repr(REQUEST) + repr(bus.published)
