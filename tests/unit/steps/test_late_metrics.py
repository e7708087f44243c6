"""ingest_run: metrics that come late complete the measurement, once, and are not waited for without end."""

import pytest

from selfheal.measure_ports import Utilisation
from selfheal.steps.ingest_run import Intake, Taken
from selfheal.testing.builders import a_run
from tests.unit.steps.test_ingest_run import EVENT, World, history


def late(world: World, *uses: tuple[float, Utilisation]) -> list[Taken | None]:
    """The same event again and again: so many seconds later, with CloudWatch knowing so much."""
    found = []
    for seconds, use in uses:
        world.clock.advance(seconds)
        world.service.use = use
        found.append(world.ingest(EVENT))
    return found


def test_late_metrics_complete_the_measurement_in_table_window_and_lake() -> None:
    world = World()
    world.service.add(a_run())
    _, early, half, whole, after = late(
        world,
        (60, Utilisation()),
        (60, Utilisation()),
        (600, Utilisation(50.0, 25.0)),
        (600, Utilisation(99.0, 99.0, 1.0, 2.0)),
        (600, Utilisation(1.0, 1.0, 1.0, 1.0)),
    )
    assert early is None and half is not None and whole is not None and after is None
    assert half.intake is Intake.COMPLETED and half.late == {"cpu_percent", "memory_percent"}
    assert whole.late == {"storage_read_rate", "storage_write_rate"}
    complete = whole.measurement
    assert (complete.cpu_percent, complete.storage_write_rate, complete.missing) == (50.0, 2.0, ())
    assert history(world) == [complete]
    assert world.lake.held == {"shop:1": complete}
    first, again = world.bus.published
    assert first == again, "the whole run is scored once more"


def test_metrics_that_never_come_are_given_up_after_half_an_hour() -> None:
    world = World()
    world.service.add(a_run())
    late(world, (60, Utilisation()), (1800, Utilisation()))
    stored = world.runs.stored["shop:1"]
    assert stored.settled and "cpu_percent" in stored.measurement.missing
    assert late(world, (60, Utilisation(50.0, 25.0, 1.0, 1.0))) == [None], "nobody asks any more"
    assert len(world.lake.written) == len(world.bus.published) == 1, "there is nothing new to score"


@pytest.mark.parametrize("use", [Utilisation(50.0), Utilisation(50.0, 25.0), Utilisation(50.0, 25.0, 1.0)])
def test_of_metrics_that_come_in_part_the_lake_has_every_one_and_the_run_is_scored_once_more(
    use: Utilisation,
) -> None:
    world = World()
    world.service.add(a_run())
    late(world, (60, Utilisation()), (600, use), (1800, use))
    measurement = world.runs.stored["shop:1"].measurement
    assert measurement.cpu_percent == 50.0 and measurement.missing
    assert world.lake.held == {"shop:1": measurement}
    assert len(world.bus.published) == 2


def test_a_run_taken_in_long_after_its_end_waits_for_nothing() -> None:
    world = World()
    world.service.add(a_run())
    late(world, (7200, Utilisation()))
    assert world.runs.stored["shop:1"].settled


def test_a_late_metric_that_cannot_be_is_set_aside_and_counts_as_never_come() -> None:
    world = World()
    world.service.add(a_run())
    late(world, (60, Utilisation()), (1800, Utilisation(float("nan"), 25.0, 1.0, 1.0)))
    stored = world.runs.stored["shop:1"]
    assert stored.settled and stored.measurement.cpu_percent is None
    assert world.quarantine.held["shop:1"][1] == ("cpu_percent is nan, which is not finite",)
