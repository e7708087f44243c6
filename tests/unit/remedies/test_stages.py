"""The remedies that work on stages: what they do, and what they refuse in plain words."""

from dataclasses import replace
from typing import Any

import pytest

from selfheal.domain.action import ActionStatus, Plan
from selfheal.domain.errors import ActionRefused, StageUnfinished
from selfheal.domain.policy import Budget, Policy
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import Run, RunStatus
from selfheal.remedies import retry_build_clean
from selfheal.remedies.registry import remedy_module, undo_of
from selfheal.remedy_ports import Case, Execution, StageAttempt, Tools
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.execution import World
from selfheal.testing.service import FakeService
from selfheal.testing.stages import FAILED, GOOD, OLDER, FakeStages, a_stage_run
from selfheal.testing.toolbox import fake_tools

CASE = Case("0123456789abcdef", "execute-action")
ON_STAGES = ["retry_stage", "roll_back_stage", "hold_stage", "wait_and_retry"]
STAGE = a_stage_run()
BUILD = a_run(initiator="codepipeline/shop")


def stages(**details: Any) -> FakeStages:
    fake = FakeStages(builds={"shop:1": StageAttempt("shop", "Deploy", FAILED, 1)})
    fake.stage = replace(fake.stage, **details)
    return fake


def tools(fake: FakeStages) -> Tools:
    return fake_tools(stages=fake, case=CASE)


def refusal(remedy: str, fake: FakeStages, run: Run = STAGE) -> str:
    return remedy_module(remedy).preflight(run, tools(fake))


def plan(remedy: str, fake: FakeStages, run: Run = STAGE) -> Plan:
    return remedy_module(remedy).plan(run, tools(fake))


@pytest.mark.parametrize("remedy", ON_STAGES)
@pytest.mark.parametrize("run", [STAGE, BUILD], ids=["stage", "build"])
def test_a_failed_stage_is_reached_by_its_own_run_and_by_its_build(remedy: str, run: Run) -> None:
    assert refusal(remedy, stages(), run) == ""
    assert plan(remedy, stages(), run).target.startswith("shop/Deploy")


@pytest.mark.parametrize("remedy", ["retry_stage", "wait_and_retry"])
def test_a_stage_that_has_not_noticed_yet_that_its_build_failed_is_waited_for(remedy: str) -> None:
    """CodeBuild's event comes first. Nobody was faster, and nothing can be retried yet."""
    fake = stages(latest_status="InProgress")
    fake.unfinished = True
    with pytest.raises(StageUnfinished, match="Deploy has not ended yet"):
        refusal(remedy, fake, BUILD)
    fake.unfinished = False
    assert "somebody was faster" in refusal(remedy, fake, BUILD)


@pytest.mark.parametrize("remedy", ON_STAGES)
def test_a_stage_that_cannot_be_found_is_refused(remedy: str) -> None:
    lost = replace(BUILD, ref=replace(BUILD.ref, run_id="shop:2"))
    assert "not to be found any more" in refusal(remedy, stages(), lost)


@pytest.mark.parametrize("remedy", ON_STAGES)
def test_a_pipeline_without_the_tag_is_not_touched(remedy: str) -> None:
    assert "pipeline shop is not tagged selfheal=enabled" in refusal(remedy, stages(tagged=False))


@pytest.mark.parametrize("remedy", ["retry_stage", "roll_back_stage", "wait_and_retry"])
@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"on_failure": "RETRY"}, "CodePipeline itself retries the stage Deploy"),
        ({"on_failure": "ROLLBACK"}, "CodePipeline itself rolls back the stage"),
        ({"on_failure": "SKIP"}, "CodePipeline itself skips the stage"),
        ({"latest_execution": GOOD}, f"superseded: {GOOD} has come into Deploy"),
    ],
)
def test_what_the_service_does_itself_and_what_is_newer_goes_first(
    remedy: str, details: dict[str, Any], words: str
) -> None:
    assert words in refusal(remedy, stages(**details))


@pytest.mark.parametrize("on_failure", ["RETRY", "ROLLBACK", "SKIP"])
def test_codepipeline_does_nothing_by_itself_for_a_stage_that_succeeded_and_does_harm(
    on_failure: str,
) -> None:
    harmful = a_stage_run(RunStatus.SUCCEEDED)
    assert plan("roll_back_stage", stages(on_failure=on_failure), harmful).parameters["to"] == GOOD


def test_once_codepipeline_has_retried_the_stage_is_free_again() -> None:
    fake = stages(on_failure="RETRY", native_retries=1)
    fake.attempts = 2
    assert refusal("retry_stage", fake, a_stage_run(attempt=2)) == ""


@pytest.mark.parametrize("status", ["InProgress", "Succeeded", "Stopped"])
def test_a_stage_that_goes_on_is_not_retried(status: str) -> None:
    assert "somebody was faster" in refusal("retry_stage", stages(latest_status=status))


def test_a_stage_that_somebody_retried_in_vain_is_not_retried_for_the_old_attempt() -> None:
    fake = stages()
    fake.attempts = 2
    assert "somebody was faster" in refusal("retry_stage", fake)


def test_selfheal_s_own_retry_is_not_retried_by_it() -> None:
    fake = stages()
    fake.attempts = 2
    mine = Case(ours=lambda run_id: run_id == f"shop/Deploy/{FAILED}/2")
    retried = fake_tools(stages=fake, case=mine)
    run = a_stage_run(attempt=2)
    assert "Selfheal's own retry" in remedy_module("retry_stage").preflight(run, retried)
    assert remedy_module("roll_back_stage").preflight(run, retried) == ""


@pytest.mark.parametrize("remedy", ON_STAGES)
@pytest.mark.parametrize("run", [STAGE, BUILD], ids=["stage", "build"])
def test_the_protection_of_the_stage_that_is_touched_holds(remedy: str, run: Run) -> None:
    """The rule was found by the build's own key; whoever protects ``codepipeline:shop/Deploy`` means this one too."""
    protecting = Policy("v1", Budget(), (), protected_pipelines=("codepipeline:shop/Deploy",))
    month = 'from = "2026-01-01 00:00"\nto = "2026-02-01 00:00"'
    freeze = f'[[freeze]]\npipelines = ["codepipeline:*"]\ntime_zone = "UTC"\n{month}'
    frozen = replace(parse_policy(freeze, frozenset()), version="v1")
    for policy, words in ((protecting, "codepipeline:shop/Deploy is protected"), (frozen, "freeze")):
        world = World(run=run, policy=policy)
        world.stages.builds = {"shop:1": StageAttempt("shop", "Deploy", FAILED, 1)}
        world.decide(remedy)
        assert words in world.execute(remedy).reason
        assert world.stages.changed == []


def test_what_codepipeline_would_refuse_is_not_asked_for() -> None:
    assert "the pipeline was changed since" in refusal("retry_stage", stages(structure=8))
    assert "only what failed is retried" in refusal("retry_stage", stages(), a_stage_run(RunStatus.SUCCEEDED))


@pytest.mark.parametrize("remedy", ["retry_stage", "wait_and_retry"])
def test_a_retry_gives_the_id_of_the_next_attempt(remedy: str) -> None:
    fake = stages()
    order = plan(remedy, fake)
    assert (order.target, order.parameters) == (f"shop/Deploy/{FAILED}", {"attempt": "2"})
    assert remedy_module(remedy).start(order, STAGE, tools(fake), "t") == f"shop/Deploy/{FAILED}/2"
    assert fake.changed == [("retry", FAILED)]


def test_a_poisoned_cache_of_a_pipeline_s_build_is_dropped_before_its_stage_runs_again() -> None:
    fake, service = stages(), FakeService()
    both = fake_tools(service, stages=fake, case=CASE)
    assert retry_build_clean.preflight(BUILD, both) == ""
    order = retry_build_clean.plan(BUILD, both)
    assert (order.remedy, order.parameters) == ("retry_build_clean", {"attempt": "2", "cache": "dropped"})
    assert retry_build_clean.start(order, BUILD, both, "t") == f"shop/Deploy/{FAILED}/2"
    assert (service.dropped, service.started, fake.changed) == (["shop"], [], [("retry", FAILED)])


def test_the_cache_is_the_project_s_and_needs_its_owner_s_word_too() -> None:
    service = FakeService()
    service.build_details = replace(service.build_details, tagged=False)
    both = fake_tools(service, stages=stages())
    assert "project shop is not tagged" in retry_build_clean.preflight(BUILD, both)
    assert "pipeline shop is not tagged" in retry_build_clean.preflight(
        BUILD, fake_tools(stages=stages(tagged=False))
    )
    assert "no cache of its own" in retry_build_clean.preflight(STAGE, both)


def test_a_rollback_goes_to_the_last_execution_that_passed() -> None:
    fake = stages()
    order = plan("roll_back_stage", fake)
    assert order.parameters == {"from": FAILED, "to": GOOD} and order.commit == "9" * 40
    run_id = remedy_module("roll_back_stage").start(order, STAGE, tools(fake), "t")
    assert run_id == "shop/Deploy/rollback-1/1"
    assert fake.changed == [("roll_back", GOOD)]


def test_what_a_lost_rollback_made_is_found_and_that_of_another_stage_is_not() -> None:
    fake = stages()
    fake.made = [("rollback-1", GOOD, NOON), ("of-another-stage", "never-passed-here", NOON)]
    found = remedy_module("roll_back_stage").find(STAGE, tools(fake), NOON)
    assert list(found) == ["shop/Deploy/rollback-1/1"]


def test_a_rollback_passes_over_what_codepipeline_will_not_go_back_to() -> None:
    fake = stages(structure=6)
    assert plan("roll_back_stage", fake).parameters["to"] == OLDER
    fake.executions[OLDER] = Execution(OLDER, 6, rollback=True)
    assert "no earlier execution passed Deploy without harm" in refusal("roll_back_stage", fake)


def test_a_rollback_passes_over_what_did_harm_in_its_last_attempt() -> None:
    fake = stages()
    fake.executions[OLDER] = Execution(OLDER, 7, "8" * 40)
    fake.attempts = 2
    bad = [f"shop/Deploy/{GOOD}/2"]
    knowing = fake_tools(stages=fake, case=replace(CASE, harmed=bad.__contains__))
    assert remedy_module("roll_back_stage").plan(STAGE, knowing).parameters["to"] == OLDER
    bad[:] = [f"shop/Deploy/{GOOD}/1"]
    assert remedy_module("roll_back_stage").plan(STAGE, knowing).parameters["to"] == GOOD


def test_what_passed_and_does_harm_is_not_what_is_gone_back_to() -> None:
    fake = stages(latest_status="Succeeded")
    fake.passed = [FAILED, GOOD, OLDER]
    assert plan("roll_back_stage", fake, a_stage_run(RunStatus.SUCCEEDED)).parameters["to"] == GOOD


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"first": True}, "Deploy is the source stage"),
        ({"rolls_back": False}, "only stages of V2 pipelines"),
        ({"latest_status": "InProgress"}, "the stage Deploy is at work"),
    ],
)
def test_a_stage_that_cannot_be_rolled_back_is_refused(details: dict[str, Any], words: str) -> None:
    assert words in refusal("roll_back_stage", stages(**details))


def test_a_rollback_is_not_rolled_back() -> None:
    fake = stages()
    fake.executions[FAILED] = Execution(FAILED, 7, rollback=True)
    assert "is itself a rollback" in refusal("roll_back_stage", fake)


def test_a_stage_is_held_for_its_incident_and_let_go_by_the_same() -> None:
    fake = stages()
    order = plan("hold_stage", fake)
    assert remedy_module("hold_stage").start(order, STAGE, tools(fake), "t") == ""
    assert (fake.stage.held, CASE.incident_id in fake.stage.hold_reason) == (True, True)
    undo = undo_of("hold_stage")
    assert undo is not None
    undo(order, STAGE, tools(fake))
    undo(order, STAGE, tools(fake))
    assert (fake.stage.held, fake.changed) == (False, [("hold", "Deploy"), ("release", "Deploy")])


def test_what_somebody_else_holds_is_neither_held_nor_let_go() -> None:
    fake = stages(held=True, hold_reason="release freeze")
    assert "held already: release freeze" in refusal("hold_stage", fake)
    undo = undo_of("hold_stage")
    assert undo is not None
    with pytest.raises(ActionRefused, match="release freeze"):
        undo(plan("hold_stage", fake), STAGE, tools(fake))
    assert fake.changed == []


def test_a_source_stage_has_no_way_in() -> None:
    assert "no way into it" in refusal("hold_stage", stages(first=True))


@pytest.mark.parametrize("remedy", ["retry_build", "retry_stage", "roll_back_stage", "notify"])
def test_only_what_can_be_undone_by_itself_has_an_undo(remedy: str) -> None:
    assert undo_of(remedy) is None


def test_a_held_stage_is_an_action_that_is_done() -> None:
    world = World(run=STAGE)
    world.decide("hold_stage")
    action = world.execute("hold_stage")
    assert (action.status, action.new_run_id) == (ActionStatus.DONE, "")
    assert world.execute("hold_stage") == action and len(world.stages.changed) == 1
