"""backfill_runs: the past is measured as the present is, kept once, told to nobody; an interruption costs nothing."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from selfheal.domain.run import Run, RunStatus
from selfheal.steps.backfill_runs import CHUNK, Backfill, Fate, Progress
from selfheal.steps.measure_run import Gauges, measure
from selfheal.testing.builders import NOON, SHOP, a_measurement, a_run
from selfheal.testing.fuse import Died, Fuse, die, never
from selfheal.testing.memory import MemoryLake, MemoryQuarantine, MemoryRuns
from selfheal.testing.service import FakeService
from selfheal.testing.standings import MemoryStandings

DAYS = 3


def past_run(n: int, **changes: object) -> Run:
    start = NOON - timedelta(hours=n)
    status = RunStatus.FAILED if n % 5 == 0 else RunStatus.SUCCEEDED
    times = {"started_at": start, "ended_at": start + timedelta(seconds=60 + n)}
    return a_run(f"shop:{n}", status, **(times | changes))


@dataclass
class World:
    service: FakeService = field(default_factory=FakeService)
    lake: MemoryLake = field(default_factory=MemoryLake)
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    standings: MemoryStandings = field(default_factory=MemoryStandings)
    told: list[Progress] = field(default_factory=list)

    def backfill(self, fuse: Fuse) -> dict[Fate, int]:
        service = fuse.guard(self.service)
        work = Backfill(
            Gauges(service, service, service, service),
            fuse.guard(self.lake),
            fuse.guard(self.quarantine),
            fuse.guard(self.runs),
            fuse.guard(self.standings),
            self.told.append,
        )
        since, until = NOON - timedelta(days=DAYS), NOON
        met = work.take_in(self.service.ended_between(since, until)).fates
        return {fate: runs for fate, runs in met.items() if runs}


def world_of(runs: int) -> World:
    world = World()
    for n in range(1, runs + 1):
        world.service.add(past_run(n))
    return world


def test_the_past_is_measured_as_the_present_is_and_serves_the_window_of_day_one() -> None:
    world = world_of(9)
    assert world.backfill(never()) == {Fate.STORED: 9}
    history = world.runs.history(SHOP, NOON, 99)
    assert [run.measurement.run_id for run in history] == [f"shop:{n}" for n in range(1, 10)]
    gauges = Gauges(world.service, world.service, world.service, world.service)
    assert history[0].measurement == measure(past_run(1), gauges)
    assert world.lake.held == {run.measurement.run_id: run.measurement for run in history}


def test_nobody_is_told_of_the_past_and_nothing_more_is_waited_for() -> None:
    world = world_of(5)
    world.service.use = type(world.service.use)()
    world.backfill(never())
    assert all(run.announced and run.settled for run in world.runs.stored.values())
    assert all(run.measurement.missing for run in world.runs.stored.values())


def test_doing_it_again_changes_nothing() -> None:
    world = world_of(CHUNK + 7)
    world.backfill(never())
    stored, written = dict(world.runs.stored), list(world.lake.written)
    assert world.backfill(never()) == {Fate.KNOWN: CHUNK + 7}
    assert (world.runs.stored, world.lake.written) == (stored, written)


def test_a_run_that_is_being_taken_in_live_is_left_to_that() -> None:
    world = world_of(2)
    world.runs.save(a_measurement("shop:1"), announced=False, settled=False)
    assert world.backfill(never()) == {Fate.STORED: 1, Fate.KNOWN: 1}
    assert not world.runs.stored["shop:1"].announced, "it still has to be announced"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("n", range(1, 40))
def test_an_interrupted_backfill_goes_on_and_lake_and_table_agree_in_the_end(n: int, after: bool) -> None:
    world = world_of(8)
    with suppress(Died):
        world.backfill(Fuse(n, die, after))
    assert set(world.runs.stored) <= set(world.lake.held), "what is stored is in the lake by then"
    world.backfill(never())
    assert len(world.runs.stored) == 8
    assert world.lake.held == {run_id: run.measurement for run_id, run in world.runs.stored.items()}


def test_an_interruption_costs_at_most_one_chunk() -> None:
    world = world_of(CHUNK + 5)
    calls_of_first_chunk = 1 + 2 * CHUNK + 1 + CHUNK
    with suppress(Died):
        world.backfill(Fuse(calls_of_first_chunk + 3, die))
    assert world.backfill(never()) == {Fate.KNOWN: CHUNK, Fate.STORED: 5}


def test_bad_numbers_are_set_aside_and_runs_that_are_gone_or_go_on_are_passed_over() -> None:
    world = world_of(1)
    world.service.add(past_run(2, queued_seconds=float("nan")))
    world.service.add(replace(past_run(3), status=RunStatus.IN_PROGRESS))
    assert world.backfill(never()) == {Fate.STORED: 1, Fate.QUARANTINED: 1, Fate.GONE: 1}
    assert list(world.quarantine.held) == ["shop:2"] and list(world.runs.stored) == ["shop:1"]


def test_only_runs_between_the_two_moments_are_taken_in() -> None:
    world = world_of(24 * DAYS + 5)
    world.service.add(past_run(0))
    world.backfill(never())
    assert len(world.runs.stored) == 24 * DAYS


def test_a_listing_that_names_a_run_twice_stores_it_once() -> None:
    world = world_of(2)
    listed = [past_run(1), past_run(2), past_run(1)]
    work = Backfill(
        Gauges(world.service, world.service, world.service, world.service),
        world.lake,
        world.quarantine,
        world.runs,
        world.standings,
        world.told.append,
    )
    assert work.take_in(listed).fates[Fate.STORED] == 2
    assert len(world.lake.written) == 2


def test_every_run_is_told_of_with_how_far_it_is() -> None:
    world = world_of(3)
    world.backfill(never())
    assert [progress.reached for progress in world.told[:3]] == [past_run(n).started_at for n in (1, 2, 3)]
    assert {progress.pipeline for progress in world.told} == {SHOP}


def test_every_pipeline_of_the_past_stands_in_the_list_of_pipelines_also_after_an_interruption() -> None:
    world = world_of(25)
    with suppress(Died):
        world.backfill(Fuse(30, die))
    assert world.standings.kept == {}
    world.backfill(never())
    (standing,) = world.standings.recent(9)
    assert (standing.run_id, standing.runs, standing.score) == ("shop:1", 25, None)
    assert [recent.seconds for recent in standing.recent] == [60 + n for n in range(20, 0, -1)]
