"""What is left when a function dies while it completes or quarantines a run, and then tries again."""

from contextlib import suppress
from datetime import timedelta

import pytest

from selfheal.measure_ports import Utilisation
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.fuse import Died, Fuse, die, never
from tests.unit.steps.test_crashes import EVERY_CALL, World


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_late_metrics_reach_table_and_lake_wherever_the_function_died(n: int, after: bool) -> None:
    world = World()
    world.service.use = Utilisation()
    world.ingest(never())
    world.service.use = Utilisation(50.0, 25.0, 1.0, 2.0)
    world.clock.advance(900)
    with suppress(Died):
        world.ingest(Fuse(n, die, after))
    world.ingest(never())
    [run] = world.runs.stored.values()
    assert run.settled and run.measurement.missing == () and run.measurement.cpu_percent == 50.0
    assert world.lake.held == {"shop:1": run.measurement}
    assert len(world.bus.published) >= 2, "a completed measurement is announced once more, to be scored whole"
    assert all(told == world.bus.published[0] for told in world.bus.published)


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_metrics_that_come_in_part_reach_the_lake_too_wherever_the_function_died(n: int, after: bool) -> None:
    world = World()
    world.service.use = Utilisation()
    world.ingest(never())
    world.service.use = Utilisation(50.0, 25.0)
    world.clock.advance(900)
    with suppress(Died):
        world.ingest(Fuse(n, die, after))
    world.clock.advance(1800)
    world.ingest(never())
    [run] = world.runs.stored.values()
    assert run.settled and run.measurement.cpu_percent == 50.0
    assert world.lake.held == {"shop:1": run.measurement}


@pytest.mark.parametrize(("n", "after"), EVERY_CALL)
def test_a_quarantined_run_is_kept_and_waited_for_no_more_wherever_the_function_died(
    n: int, after: bool
) -> None:
    world = World()
    world.service.add(a_run(ended_at=NOON - timedelta(hours=1)))
    world.waiters.add("shop:1", "token")
    with suppress(Died):
        world.ingest(Fuse(n, die, after))
    world.ingest(never())
    assert list(world.quarantine.held) == ["shop:1"] and world.woken() == ["token"]
    assert (world.runs.stored, world.lake.written, world.bus.published) == ({}, [], [])
