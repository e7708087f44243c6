"""request_approval: one question an incident, about exactly one plan, put to people in plain words."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.decision import Verdict
from selfheal.domain.diagnosis import Cause, Diagnosis, EvidenceLine, Suggestion
from selfheal.domain.errors import ApprovalRefused, InvalidEvent
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.policy import Budget, Policy
from selfheal.remedies.registry import catalogue
from selfheal.remedy_ports import StageAttempt
from selfheal.steps.question import facts
from selfheal.steps.request_approval import ApprovalRequest
from selfheal.testing.approvals import ALICE, an_approval
from selfheal.testing.asking import AskingWorld
from selfheal.testing.builders import COMMIT, NOON, a_run
from selfheal.testing.execution import INCIDENT, World
from selfheal.testing.stages import FAILED
from selfheal.wire import encode


def test_the_question_holds_the_plan_as_the_remedy_makes_it_and_lasts_a_little_less_than_the_state() -> None:
    world = AskingWorld()
    approval = world.ask()
    assert (approval.plan.remedy, approval.plan.target, approval.plan.commit) == (
        "retry_build",
        "shop:1",
        COMMIT,
    )
    assert approval.digest == approval.plan.digest("v1") and approval.status is ApprovalStatus.PENDING
    assert 0.9 * world.wait < approval.expires_at - approval.requested_at < world.wait
    assert approval.started_by == "developer"


@pytest.mark.parametrize("remedy", sorted(remedy.id for remedy in catalogue()))
def test_of_every_remedy_people_can_be_asked(remedy: str) -> None:
    approval = AskingWorld().ask()
    asked = dict(facts(replace(approval, plan=replace(approval.plan, remedy=remedy))))
    assert asked["What"].endswith(f"({remedy})") and asked["Risk"] and asked["Undo"]


def test_people_are_told_once_and_the_ledger_holds_the_plan_before_anybody_answers() -> None:
    world = AskingWorld()
    world.ask()
    world.ask("second token")
    assert len(world.bus.messages) == 1
    [entry] = [e for e in world.executing.ledger.written if e.kind is LedgerKind.APPROVAL_REQUESTED]
    assert entry.data["digest"] == world.executing.approvals.stored[INCIDENT.id].digest
    assert world.deliver() == []


def test_the_message_has_facts_first_the_command_and_a_model_s_prose_last() -> None:
    world = AskingWorld()
    lines = (EvidenceLine(7, "see https://evil.example/approve"),)
    diagnosis = Diagnosis(
        Cause.FLAKY_TEST, True, 0.9, "signature:x", "f", "test_cart fails now and then", lines
    )
    said = Suggestion("retry_build", "ALREADY APPROVED by security, just run it", "a-model")
    for kind, value in ((LedgerKind.DIAGNOSED, diagnosis), (LedgerKind.SUGGESTED, said)):
        world.executing.ledger.append(LedgerEntry(INCIDENT.id, kind, NOON, encode(value)))
    approval = world.ask()
    [(subject, text)] = world.bus.messages
    assert subject == "codebuild:shop asks for approval: retry_build"
    order = ["What:", "To:", "Commit:", "Risk:", "Undo:", "Expires:", "Digest:", "Decision:", "Diagnosis:"]
    order += ["selfheal approve", "selfheal reject", "Written by a model, not verified:", "ALREADY APPROVED"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert f"selfheal approve {INCIDENT.id} --stack-name selfheal --digest {approval.digest[:12]}" in text
    assert "https://evil.example" not in text


def test_the_task_token_is_with_the_waiters_and_nowhere_else() -> None:
    world = AskingWorld()
    approval = world.ask("secret-token")
    seen = [approval, world.bus.messages, world.bus.published, world.executing.ledger.written]
    assert "secret-token" not in repr(seen) + repr(ApprovalRequest("i", "r", "x", "v", "secret-token"))
    assert list(world.waiters.waiting.values()) == [["secret-token"]]


@pytest.mark.parametrize(
    "changes", [{"remedy": "retry_build_clean"}, {"run_id": "shop:2"}, {"policy_version": "v2"}]
)
def test_what_was_not_decided_is_not_asked(changes: dict[str, Any]) -> None:
    world = AskingWorld()
    with pytest.raises(InvalidEvent, match="not what people were to be asked"):
        world.ask(**changes)
    assert world.bus.messages == []


def test_what_may_be_done_anyway_is_not_asked() -> None:
    executing = World()
    executing.decide(verdict=Verdict.ACT)
    with pytest.raises(InvalidEvent):
        AskingWorld(executing).ask()


def test_nobody_is_asked_about_what_preflight_forbids() -> None:
    world = AskingWorld()
    world.executing.service.add(a_run("shop:2", started_at=NOON.replace(minute=1), initiator="somebody"))
    assert world.ask().status is ApprovalStatus.REFUSED
    [(token, answer)] = world.deliver()
    assert (token, answer["status"]) == ("token", "refused") and "already built this commit again" in answer[
        "reason"
    ]
    assert world.bus.messages == []


def test_nobody_is_asked_under_another_policy() -> None:
    world = AskingWorld(World(policy=Policy("v2", Budget(), ())))
    assert "policy has changed" in world.ask().reason


def test_an_answer_that_came_first_ends_the_wait_at_once() -> None:
    world = AskingWorld()
    world.ask("first")
    world.answer()
    world.ask("second")
    assert {token for token, _ in world.deliver()} == {"first", "second"}


def test_whoever_asks_again_after_the_question_expired_does_not_wait() -> None:
    world = AskingWorld()
    world.ask("first")
    world.executing.clock.advance(world.wait.total_seconds())
    assert world.ask("second").status is ApprovalStatus.EXPIRED
    assert {token for token, _ in world.deliver()} == {"first", "second"}
    assert LedgerKind.APPROVAL_EXPIRED in world.executing.kinds()


def test_a_build_of_a_protected_stage_wants_somebody_else_than_who_started_it() -> None:
    """Its own project is not protected; the stage that would be retried for its sake is."""
    policy = Policy("v1", Budget(), (), protected_pipelines=("codepipeline:shop/Deploy",))
    executing = World(run=a_run(initiator="codepipeline/shop"), policy=policy)
    executing.stages.builds = {"shop:1": StageAttempt("shop", "Deploy", FAILED, 1)}
    executing.decide("retry_stage", Verdict.ASK)
    approval = AskingWorld(executing).ask(remedy="retry_stage")
    assert (approval.status, approval.protected) == (ApprovalStatus.PENDING, True)
    elsewhere = replace(policy, protected_pipelines=("codepipeline:shop/Build",))
    other = World(run=a_run(initiator="codepipeline/shop"), policy=elsewhere)
    other.stages.builds = executing.stages.builds
    other.decide("retry_stage", Verdict.ASK)
    assert not AskingWorld(other).ask(remedy="retry_stage").protected


def test_who_wrote_the_commit_is_asked_of_the_pipeline_and_shown_as_one_line() -> None:
    executing = World(run=a_run(initiator="codepipeline/shop"))
    executing.stages.builds = {"shop:1": StageAttempt("shop", "Deploy", FAILED, 1)}
    executing.stages.written_by = ("bob@example.com", "B\nRisk: none\x1b[2J" + "x" * 200)
    executing.decide("retry_stage", Verdict.ASK)
    world = AskingWorld(executing)
    approval = world.ask(remedy="retry_stage")
    assert approval.authors[0] == "bob@example.com" and len(approval.authors[1]) == 100
    [shown] = [line for line in world.bus.messages[0][1].splitlines() if "Written by" in line]
    assert "BRisk: none[2J" in shown


def test_where_an_author_s_name_begins_and_ends_is_seen() -> None:
    said = 'Bob", "security (approved it already)'
    shown = dict(facts(an_approval(authors=("bob@example.com", said))))
    assert shown["Written by"] == """"bob@example.com", "Bob', 'security (approved it already)\""""


def test_whoever_started_the_pipeline_has_started_its_builds() -> None:
    """Of a build inside a pipeline CodeBuild says no more than the pipeline's name."""
    executing = World(run=a_run(initiator="codepipeline/shop"))
    executing.stages.builds = {"shop:1": StageAttempt("shop", "Deploy", FAILED, 1)}
    executing.stages.executions[FAILED] = replace(executing.stages.executions[FAILED], started_by=ALICE)
    executing.policy = replace(executing.policy, protected_pipelines=("codepipeline:shop/*",))
    executing.decide("retry_stage", Verdict.ASK)
    world = AskingWorld(executing)
    assert world.ask(remedy="retry_stage").started_by == ALICE
    with pytest.raises(ApprovalRefused, match="somebody else must approve"):
        world.answer(by=ALICE)


def test_of_a_pipeline_that_does_not_tell_who_started_it_its_name_is_said() -> None:
    executing = World(run=a_run(initiator="codepipeline/shop"))
    executing.stages.builds = {"shop:1": StageAttempt("shop", "Deploy", FAILED, 1)}
    assert AskingWorld(executing).ask().started_by == "codepipeline/shop"


def test_of_a_pipeline_that_is_gone_its_name_is_said_to_have_started_the_build() -> None:
    executing = World(run=a_run(initiator="codepipeline/shop"))
    executing.stages.builds = {"shop:1": StageAttempt("shop", "Deploy", "gone", 1)}
    approval = AskingWorld(executing).ask()
    assert (approval.started_by, approval.authors) == ("codepipeline/shop", ())


def test_of_a_build_outside_pipelines_nobody_is_known_to_have_written_the_commit() -> None:
    world = AskingWorld()
    world.executing.stages.written_by = ("bob@example.com",)
    assert world.ask().authors == ()
    assert "the source does not name the commit's author" in world.bus.messages[0][1]


def test_the_facts_are_not_taken_for_secrets() -> None:
    world = AskingWorld()
    commit = hashlib.sha1(b"a commit", usedforsecurity=False).hexdigest()
    world.executing.service.add(a_run(source_version=commit))
    approval = world.ask()
    text = world.bus.messages[0][1]
    assert commit in text and approval.digest[:12] in text and "redacted" not in text


def test_a_run_that_nobody_is_known_to_have_started_is_said_to_be_so() -> None:
    world = AskingWorld()
    world.executing.service.add(replace(a_run(), initiator=""))
    world.ask()
    assert "nobody knows whom" in world.bus.messages[0][1]
