"""Whatever people, time and the world do, in whatever order: only what was approved is done, unaltered and in time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from selfheal.domain.action import ActionStatus
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.brakes import Pause
from selfheal.domain.errors import ApprovalRefused
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.policy import Budget, Mode, Policy
from selfheal.steps.answer_approval import Reply
from selfheal.testing.approvals import ACCOUNT, ALICE
from selfheal.testing.asking import AskingWorld
from selfheal.testing.builders import COMMIT, NOON, a_run
from selfheal.testing.execution import INCIDENT
from selfheal.testing.fuse import Died, Fuse, die

SELDOM = st.sampled_from([False, False, False, True])
OFTEN_YES = st.sampled_from([Reply.APPROVE, Reply.APPROVE, Reply.APPROVE, Reply.REJECT])
PEOPLE = st.sampled_from(
    [ALICE, f"arn:aws:iam::{ACCOUNT}:user/developer", f"arn:aws:iam::{ACCOUNT}:user/bob"]
)


class Approvals(RuleBasedStateMachine):
    """One incident of a protected pipeline, started by ``developer``."""

    def __init__(self) -> None:
        super().__init__()
        self.world = AskingWorld()
        self.world.executing.policy = Policy("v1", Budget(), (), protected_pipelines=("codebuild:*",))
        self.approved_by: set[str] = set()
        self._watch_the_call()

    def _watch_the_call(self) -> None:
        """At the very moment at which a build is started, everything must be in order."""
        service, real = self.world.executing.service, self.world.executing.service.retry

        def retry(build_id: str, token: str) -> str:
            executing = self.world.executing
            approval = executing.approvals.stored[INCIDENT.id]
            assert approval.status is ApprovalStatus.APPROVED and approval.by in self.approved_by
            assert executing.clock.now() < approval.expires_at
            assert approval.plan.commit == service.runs["shop:1"].source_version
            assert approval.policy_version == executing.policy.version
            assert executing.ceiling is Mode.ACT and executing.switch.paused() is None
            assert LedgerKind.ACTION_INTENDED in executing.kinds()
            return real(build_id, token)

        service.retry = retry  # type: ignore[method-assign]

    @property
    def approved(self) -> bool:
        """A refusal is final, so the machine does not execute what was not approved (see test_execute_approved)."""
        approval = self.world.executing.approvals.stored.get(INCIDENT.id)
        return approval is not None and approval.status is ApprovalStatus.APPROVED

    @initialize()
    def ask_first(self) -> None:
        self.world.ask("first")

    @rule(token=st.sampled_from(["first", "second"]))
    def ask(self, token: str) -> None:
        self.world.ask(token)

    @rule(by=PEOPLE, reply=OFTEN_YES, forged=SELDOM)
    def answer(self, by: str, reply: Reply, forged: bool) -> None:
        digest = "0" * 64 if forged else ""
        try:
            answer = self.world.answer(reply, by, reason="because", digest=digest)
        except ApprovalRefused:
            assert forged or by.endswith("/developer")
            return
        if answer.status is ApprovalStatus.APPROVED and answer.by == by:
            self.approved_by.add(by)
        assert not answer.by.endswith("/developer") and not forged

    @rule(seconds=st.sampled_from([1, 60, 1800, 7200]))
    def time_passes(self, seconds: int) -> None:
        self.world.executing.clock.moment += timedelta(seconds=seconds)

    @rule(commit=st.sampled_from([COMMIT, "f" * 40]))
    def the_run_reads_otherwise(self, commit: str) -> None:
        self.world.executing.service.add(a_run(source_version=commit))

    @rule(version=st.sampled_from(["v1", "v2"]))
    def the_policy_is_deployed_anew(self, version: str) -> None:
        self.world.executing.policy = replace(self.world.executing.policy, version=version)

    @rule(mode=st.sampled_from([Mode.ACT, Mode.ACT, Mode.OBSERVE]))
    def the_stack_is_set(self, mode: Mode) -> None:
        self.world.executing.ceiling = mode

    @rule(pause=st.sampled_from([None, None, Pause("somebody", NOON, "stop")]))
    def the_switch_is_turned(self, pause: Any) -> None:
        self.world.executing.switch.pause_now = pause

    @precondition(lambda self: self.approved)
    @rule(calls=st.just(0) | st.integers(1, 20), after=st.booleans())
    def execute(self, calls: int, after: bool) -> None:
        try:
            self.world.executing.execute(fuse=Fuse(calls, die, after))
        except Died:
            return

    @invariant()
    def at_most_one_build_and_one_answer(self) -> None:
        kinds = self.world.executing.kinds()
        assert len(self.world.executing.service.started) <= 1
        assert len(kinds) == len(set(kinds))
        assert len({LedgerKind.APPROVED, LedgerKind.REJECTED, LedgerKind.APPROVAL_EXPIRED} & set(kinds)) <= 1

    @invariant()
    def a_refusal_is_final(self) -> None:
        action = self.world.executing.actions.of_incident(INCIDENT.id)
        if action and action.status is ActionStatus.REFUSED:
            assert self.world.executing.service.started == []

    @invariant()
    def whoever_is_resumed_is_told_the_answer_that_stands(self) -> None:
        for _, answer in self.world.deliver():
            assert answer["status"] == self.world.executing.approvals.stored[INCIDENT.id].status


TestApprovals = Approvals.TestCase
TestApprovals.settings = settings(max_examples=150, stateful_step_count=15, deadline=None)


EVENTS: list[Callable[[AskingWorld], Any]] = [
    lambda world: setattr(
        world.executing.clock, "moment", world.executing.clock.moment + timedelta(minutes=25)
    ),
    lambda world: world.executing.service.add(a_run(source_version="f" * 40)),
    lambda world: world.executing.service.add(a_run()),
    lambda world: setattr(world.executing, "policy", Policy("v2", Budget(), ())),
    lambda world: setattr(world.executing, "policy", Policy("v1", Budget(), ())),
    lambda world: setattr(world.executing, "ceiling", Mode.OBSERVE),
    lambda world: setattr(world.executing, "ceiling", Mode.ACT),
    lambda world: setattr(world.executing.switch, "pause_now", Pause("somebody", NOON, "stop")),
    lambda world: setattr(world.executing.switch, "pause_now", None),
]
SOME = st.lists(st.sampled_from(EVENTS), max_size=3)


@settings(max_examples=400, deadline=None)
@given(before=SOME, after=SOME, reply=OFTEN_YES)
def test_a_build_is_started_if_and_only_if_everything_is_in_order(
    before: list[Callable[[AskingWorld], Any]], after: list[Callable[[AskingWorld], Any]], reply: Reply
) -> None:
    world = AskingWorld()
    approval = world.ask()
    for happen in before:
        happen(world)
    answer = world.answer(reply, reason="because")
    for happen in after:
        happen(world)
    world.execute()
    executing = world.executing
    in_order = (
        answer.status is ApprovalStatus.APPROVED
        and executing.clock.now() < approval.expires_at
        and executing.service.runs["shop:1"].source_version == COMMIT
        and executing.policy.version == "v1"
        and executing.ceiling is Mode.ACT
        and executing.switch.pause_now is None
    )
    assert len(executing.service.started) == int(in_order)
