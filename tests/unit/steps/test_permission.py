"""Permission: what can have changed between the decision and the call stops the call."""

from dataclasses import replace
from datetime import timedelta

import pytest

from selfheal.domain.action import ActionStatus, OutcomeStatus
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.autonomy import Subject, Trial
from selfheal.domain.brakes import Brakes, Pause
from selfheal.domain.decision import Verdict
from selfheal.domain.diagnosis import Cause
from selfheal.domain.policy import Autonomy, Breaker, Budget, Mode, Policy, Rule
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import Run, RunRef
from selfheal.testing.approvals import an_approval
from selfheal.testing.builders import NOON, SHOP, a_run
from selfheal.testing.execution import INCIDENT, World
from selfheal.testing.service import FakeService

ANN = "arn:aws:iam::111122223333:user/ann"
(FREEZE,) = parse_policy(
    '[[freeze]]\ntime_zone = "UTC"\nfrom = "2026-01-15 12:01"\nto = "2026-01-15 13:00"\n', frozenset()
).freezes


def decided(policy: Policy) -> World:
    world = World(policy=policy)
    world.decide()
    return world


def refused(world: World) -> str:
    action = world.execute()
    assert action.status is ActionStatus.REFUSED and world.service.started == []
    assert world.execute() == action or world.actions.of_incident(INCIDENT.id) is None
    return action.reason


def test_what_was_paused_since_the_decision_is_not_done() -> None:
    world = decided(Policy("v1", Budget(), ()))
    world.switch.pause(Pause(ANN, NOON, "too many rollbacks"))
    assert f"paused by {ANN}" in refused(world)
    assert world.actions.charged == []


def test_a_pause_between_the_intent_and_the_call_stops_the_call() -> None:
    world = decided(Policy("v1", Budget(), ()))

    class PausedWhileReading(FakeService):
        """The switch is thrown as late as it can be: while the run is read for the last time."""

        def read(self, ref: RunRef) -> Run:
            if world.actions.actions:
                world.switch.pause(Pause(ANN, world.clock.now()))
            return super().read(ref)

    world.service = PausedWhileReading(clock=world.clock)
    world.service.add(a_run())
    assert f"paused by {ANN}" in refused(world)
    assert len(world.actions.charged) == 1


def test_after_resuming_the_next_incident_is_acted_on() -> None:
    world = decided(Policy("v1", Budget(), ()))
    world.switch.pause(Pause(ANN, NOON))
    world.switch.resume(ANN, world.clock.now())
    assert world.execute().status is ActionStatus.STARTED


def test_a_freeze_that_began_since_the_decision_holds() -> None:
    assert "change freeze 1" in refused(decided(Policy("v1", Budget(), (), freezes=(FREEZE,))))


def test_a_pipeline_that_is_protected_needs_a_person() -> None:
    assert "protected" in refused(decided(Policy("v1", Budget(), (), protected_pipelines=("codebuild:*",))))


def test_a_breaker_that_opened_since_the_decision_holds() -> None:
    world = decided(Policy("v1", Budget(), (), breaker=Breaker(1, 3600)))
    world.actions.feed("other", SHOP, "retry_build", healed=False, at=NOON)
    assert "the breaker is open" in refused(world)


def test_a_breaker_that_opened_between_the_intent_and_the_call_holds() -> None:
    world = decided(Policy("v1", Budget(), (), breaker=Breaker(1, 3600)))
    world.intend()
    world.actions.feed("other", SHOP, "retry_build", healed=False, at=NOON)
    assert "the breaker is open" in refused(world)


def test_the_one_attempt_of_a_half_open_breaker_is_not_shared_with_another_incident() -> None:
    world = decided(Policy("v1", Budget(), (), breaker=Breaker(1, 3600)))
    world.intend()
    world.actions.tried[SHOP, "retry_build"] = Brakes(failures=1, tried_at=NOON, tried_for="another")
    assert "the breaker is open" in refused(world)


def test_a_stack_that_asks_since_the_decision_does_nothing_unasked() -> None:
    world = decided(Policy("v1", Budget(), ()))
    world.ceiling = Mode.ASK
    assert "nobody was asked" in refused(world)


@pytest.mark.parametrize("verdict", [Verdict.ACT, Verdict.ASK])
def test_what_has_done_harm_since_is_not_done_even_if_it_was_approved(verdict: Verdict) -> None:
    world = World()
    world.decide(verdict=verdict)
    world.approvals.ask(an_approval(status=ApprovalStatus.APPROVED))
    harm = Trial("another", NOON, OutcomeStatus.WORSE)
    world.tracks.note(Subject(SHOP, Cause.FLAKY_TEST, "retry_build"), harm)
    assert "demoted since: it made things worse in incident another" in refused(world)


def test_the_one_attempt_of_a_half_open_breaker_is_carried_out_although_it_took_the_attempt() -> None:
    world = decided(Policy("v1", Budget(), (), breaker=Breaker(1, 60)))
    world.actions.tried[SHOP, "retry_build"] = Brakes(failures=1, tried_at=NOON - timedelta(hours=1))
    assert world.execute().status is ActionStatus.STARTED


def test_what_was_promoted_and_has_lost_it_since_is_not_done_unasked() -> None:
    """The rule asks; the decision stood on outcomes that are no longer good enough."""
    rule = Rule(("*",), frozenset(Cause), frozenset({"retry_build"}), Mode.ASK)
    policy = Policy("v1", Budget(), (rule,), autonomy=Autonomy(0.5, 1, promote_to_act=True))
    assert "demoted since" in refused(decided(policy))
    earned = decided(policy)
    for n in range(9):
        trial = Trial(f"i{n}", NOON, OutcomeStatus.HEALED)
        earned.tracks.note(Subject(SHOP, Cause.FLAKY_TEST, "retry_build"), trial)
    assert earned.execute().status is ActionStatus.STARTED


def test_a_pipeline_that_was_acted_on_just_now_cools_down() -> None:
    world = decided(Policy("v1", Budget(), (), cool_down_seconds=600))
    world.actions.acted[SHOP] = NOON
    assert "cool_down_seconds = 600" in refused(world)


@pytest.mark.parametrize("budget", [Budget(build_minutes_per_day=1), Budget(dollars_per_day=0.01)])
def test_minutes_and_money_are_charged_before_the_call_by_the_run_s_own_duration(budget: Budget) -> None:
    world = decided(Policy("v1", budget, ()))
    world.service.add(replace(a_run(), ended_at=NOON + timedelta(seconds=90)))
    assert "budget spent" in refused(world)
    ample = decided(Policy("v1", Budget(build_minutes_per_day=2, dollars_per_day=0.072), ()))
    ample.service.add(replace(a_run(), ended_at=NOON + timedelta(seconds=90)))
    assert ample.execute().status is ActionStatus.STARTED
    [charge] = ample.actions.charged
    assert (charge.cost.build_seconds, charge.cost.microdollars) == (120, 72_000)
