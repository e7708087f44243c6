"""score_run: opens one incident for a run that needs attention, and none for what Selfheal did itself."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from selfheal.detect.detector import Detector
from selfheal.detect.model import embedded_model
from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.errors import RunNotFound
from selfheal.domain.incident import IncidentKind, incident_id
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.measurement import Measurement
from selfheal.domain.run import RunStatus
from selfheal.ports import Scored
from selfheal.steps.score_run import RunMeasured, score_run
from selfheal.testing.actions import MemoryActions
from selfheal.testing.builders import NOON, SHOP, a_measurement
from selfheal.testing.memory import MemoryBus, MemoryIncidents, MemoryLedger, MemoryRuns
from selfheal.testing.service import FixedClock
from selfheal.testing.standings import MemoryStandings


@dataclass
class World:
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    standings: MemoryStandings = field(default_factory=MemoryStandings)
    actions: MemoryActions = field(default_factory=MemoryActions)
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    bus: MemoryBus = field(default_factory=MemoryBus)

    def score(self, measurement: Measurement) -> Scored:
        self.runs.save(measurement)
        return score_run(
            RunMeasured(measurement.run_id, measurement.pipeline, measurement.status),
            runs=self.runs,
            standings=self.standings,
            detector=Detector(embedded_model()),
            actions=self.actions,
            incidents=self.incidents,
            ledger=self.ledger,
            bus=self.bus,
            clock=FixedClock(),
            actor="execute-action",
        )

    def fill(self, count: int) -> None:
        for n in range(count):
            self.runs.save(a_measurement(f"shop:past-{n}", started_at=NOON.replace(hour=1, minute=n)))


FAILED = a_measurement(status=RunStatus.FAILED, phases={"INSTALL": 10.0})


def test_a_failed_run_opens_an_incident_and_tells_the_bus() -> None:
    world = World()
    world.score(FAILED)
    incident = world.incidents.get(incident_id("shop:1"))
    assert incident.kind == "failed" and str(incident.lineage) == f"codebuild:shop@{FAILED.source_version}"
    assert world.bus.published == [
        ("Incident Opened",
         {"incident_id": incident.id, "run_id": "shop:1", "pipeline": "codebuild:shop", "kind": "failed"})
    ]  # fmt: skip
    assert [entry.kind for entry in world.ledger.written] == [LedgerKind.OPENED]


def test_scoring_a_run_again_opens_nothing_new() -> None:
    world = World()
    world.score(FAILED)
    world.score(FAILED)
    assert len(world.incidents.stored) == len(world.bus.published) == len(world.ledger.written) == 1


def test_a_crash_after_the_incident_was_stored_is_made_good() -> None:
    world = World()
    world.score(FAILED)
    world.ledger.written.clear()
    world.score(FAILED)
    assert len(world.bus.published) == 2 and len(world.ledger.written) == 1


def test_an_ordinary_run_opens_nothing() -> None:
    world = World()
    world.fill(8)
    scored = world.score(a_measurement())
    assert scored.score.ready and scored.score.level == "none"
    assert world.incidents.stored == {}


def test_a_run_that_passes_at_four_times_its_normal_time_opens_an_anomaly_that_names_the_phase() -> None:
    world = World()
    world.fill(8)
    world.score(a_measurement(duration_seconds=240.0, phases={"INSTALL": 10.0, "BUILD": 220.0}))
    incident = world.incidents.get(incident_id("shop:1"))
    assert incident.kind == "anomalous"
    blame = incident.score.blame[0]
    assert (blame.metric, blame.median, blame.ratio) == ("phase:BUILD", 40.0, 5.5)


@pytest.mark.parametrize("status", [RunStatus.STOPPED, RunStatus.SUPERSEDED])
def test_what_a_person_ended_is_no_incident(status: RunStatus) -> None:
    world = World()
    world.score(a_measurement(status=status))
    assert world.incidents.stored == {}


def test_the_failure_of_a_run_that_an_action_started_is_an_outcome_not_an_incident() -> None:
    world = World()
    world.actions.finish(Action("i", "retry_build", ActionStatus.STARTED, NOON, new_run_id="shop:1"))
    world.score(FAILED)
    assert world.incidents.stored == {}


def test_so_is_the_failure_of_a_run_whose_link_to_its_action_was_lost() -> None:
    world = World()
    world.score(a_measurement(status=RunStatus.FAILED, initiator="selfheal-role/execute-action"))
    assert world.incidents.stored == {}


def test_an_initiator_that_merely_ends_alike_is_somebody_else() -> None:
    world = World()
    world.score(a_measurement(status=RunStatus.FAILED, initiator="role/not-execute-action"))
    assert len(world.incidents.stored) == 1


def test_a_stage_whose_failed_build_speaks_for_it_opens_nothing() -> None:
    world = World()
    world.runs.save(a_measurement("shop:7", RunStatus.FAILED))
    world.score(a_measurement(status=RunStatus.FAILED, covered_by="shop:7"))
    assert world.incidents.stored == {}


def test_a_failed_deployment_in_another_account_speaks_for_no_stage() -> None:
    world = World()
    world.score(a_measurement(status=RunStatus.FAILED, covered_by="d-1"))
    assert [each.kind for each in world.incidents.stored.values()] == [IncidentKind.FAILED]


def test_a_run_that_was_never_measured_is_a_clear_error() -> None:
    world = World()
    with pytest.raises(RunNotFound, match="shop:9"):
        score_run(
            RunMeasured("shop:9", SHOP, RunStatus.FAILED),
            runs=world.runs,
            standings=world.standings,
            detector=Detector(embedded_model()),
            actions=world.actions,
            incidents=world.incidents,
            ledger=world.ledger,
            bus=world.bus,
            clock=FixedClock(),
            actor="execute-action",
        )


def test_runs_whose_commit_is_unknown_share_no_budget() -> None:
    world = World()
    for run_id in ("shop:1", "shop:2"):
        world.score(a_measurement(run_id, RunStatus.FAILED, source_version=""))
    lineages = {str(incident.lineage) for incident in world.incidents.stored.values()}
    assert lineages == {"codebuild:shop@shop:1", "codebuild:shop@shop:2"}


def slow(number: int, factor: float = 4.0) -> Measurement:
    return a_measurement(
        f"shop:slow-{number}",
        started_at=NOON + timedelta(minutes=number),
        duration_seconds=60.0 * factor,
        phases={"INSTALL": 10.0, "BUILD": 60.0 * factor - 20},
    )


def test_runs_that_are_odd_in_the_same_way_one_after_another_are_told_once() -> None:
    world = World()
    world.fill(30)
    levels = [world.score(slow(number)).score.level for number in range(3)]
    assert "none" not in levels
    assert [incident.run.run_id for incident in world.incidents.stored.values()] == ["shop:slow-0"]


def test_of_a_run_that_opened_no_anomaly_nobody_has_heard() -> None:
    """It failed, or Selfheal started it: the same slowness in the next run is news."""
    for nobody_told in (
        {"status": RunStatus.STOPPED},
        {"status": RunStatus.FAILED},
        {"initiator": "role/execute-action"},
    ):
        world = World()
        world.fill(30)
        assert world.score(replace(slow(0), **nobody_told)).score.blame[0].metric == "phase:BUILD"
        world.score(slow(1))
        assert incident_id("shop:slow-1") in world.incidents.stored, nobody_told


def test_what_is_odd_in_another_way_is_told_even_so() -> None:
    world = World()
    world.fill(30)
    world.score(slow(0))
    world.score(replace(slow(1, factor=1.0), duration_seconds=2.0, phases={}))
    assert len(world.incidents.stored) == 2


def test_a_level_shift_is_told_although_its_first_runs_were_odd_in_the_same_way() -> None:
    world = World()
    world.fill(30)
    scored = [world.score(slow(number)) for number in range(8)]
    told = [incident.run.run_id for incident in world.incidents.stored.values()]
    assert told == ["shop:slow-0", "shop:slow-4"]
    assert [each.score.shift for each in scored] == [False] * 4 + [True] + [False] * 3


def test_a_level_shift_is_told_although_the_same_metric_was_told_of() -> None:
    world = World()
    world.fill(30)
    for number in range(8):
        world.score(replace(slow(number), phases={}))
    told = [incident.run.run_id for incident in world.incidents.stored.values()]
    assert told == ["shop:slow-0", "shop:slow-4"]


def test_the_other_direction_of_the_same_metric_is_news() -> None:
    world = World()
    world.fill(30)
    first = world.score(replace(slow(0), phases={}))
    second = world.score(replace(slow(1), phases={}, duration_seconds=2.0))
    assert first.score.blame[0].metric == second.score.blame[0].metric == "duration"
    assert len(world.incidents.stored) == 2


@pytest.mark.parametrize(("ordinary", "incidents"), [(4, 1), (5, 2)])
def test_after_five_ordinary_runs_an_oddity_is_news_again(ordinary: int, incidents: int) -> None:
    world = World()
    world.fill(30)
    world.score(slow(0))
    for number in range(ordinary):
        world.score(a_measurement(f"shop:ok-{number}", started_at=NOON + timedelta(minutes=1 + number)))
    assert world.score(slow(10)).score.level != "none"
    assert len(world.incidents.stored) == incidents


def test_incidents_that_proved_real_are_no_part_of_what_is_normal() -> None:
    learned, kept_out = World(), World()
    for world in (learned, kept_out):
        world.fill(30)
        for number in range(3):
            world.score(slow(number))
            world.runs.mark_confirmed(f"shop:slow-{number}", world is kept_out)
    assert learned.score(slow(9)).score.blame == ()
    assert kept_out.score(slow(9)).score.blame[0].metric == "phase:BUILD"


def test_a_score_is_kept_with_its_run() -> None:
    world = World()
    world.fill(8)
    scored = world.score(a_measurement())
    assert world.runs.stored["shop:1"].score == scored.score


def test_ten_thousand_runs_of_history_with_gaps_score_as_the_last_256_do() -> None:
    long, short = World(), World()
    past = [
        a_measurement(f"shop:p{n:05}", started_at=NOON - timedelta(hours=1 + n + 700 * (n // 97)))
        for n in range(10_000)
    ]
    for world, runs in ((long, past), (short, past[:256])):
        for each in runs:
            world.runs.save(each)
    assert long.score(slow(0)).score == short.score(slow(0)).score


def test_a_run_whose_memory_came_late_is_scored_whole_and_opens_its_incident_once() -> None:
    world = World()
    for n in range(40):
        world.runs.save(
            a_measurement(f"shop:m{n}", started_at=NOON - timedelta(hours=n + 1), memory_percent=30.0)
        )
    early = a_measurement(memory_percent=None, missing=("memory_percent",))
    assert world.score(early).score.level == "none"
    world.runs.stored["shop:1"] = replace(
        world.runs.stored["shop:1"], measurement=replace(early, memory_percent=95.0, missing=())
    )
    found = [world.score(early).score for _ in range(2)]
    assert [score.blame[0].metric for score in found] == ["memory_percent"] * 2
    assert len(world.incidents.stored) == len(world.bus.published) == 1
