"""A state machine that does everything in any order: builds fail, people answer and pause, functions die and come
again, policies are deployed, time passes. At every build that is started it asks whether it could have been.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.approval import Approval
from selfheal.domain.brakes import Pause
from selfheal.domain.decision import Decision, Verdict
from selfheal.domain.errors import ApprovalRefused, Throttled
from selfheal.domain.incident import Incident
from selfheal.domain.policy import Mode
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import RunStatus
from selfheal.steps.answer_approval import Reply
from selfheal.testing.approvals import ACCOUNT
from selfheal.testing.fuse import Died, Fuse, die
from tests.governed.truth import Failed, Terms, Truth
from tests.governed.world import GovernedWorld, Kept

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]
REMEDIES = frozenset({"retry_build", "notify"})
# Who starts the builds is called developer; on a protected pipeline he may not approve.
PEOPLE = [f"arn:aws:sts::{ACCOUNT}:assumed-role/release/{name}" for name in ("alice", "developer")]

builds = st.builds(
    Failed, st.sampled_from(["shop", "pay"]), st.sampled_from(["c1", "c2", "c3"]), st.integers(0, 3)
)
ends = st.sampled_from([RunStatus.FAILED, RunStatus.FAILED, RunStatus.SUCCEEDED, RunStatus.STOPPED])
people = st.sampled_from(PEOPLE)
replies = st.sampled_from([Reply.APPROVE, Reply.APPROVE, Reply.REJECT])
lives = st.just(0) | st.just(0) | st.integers(1, 22)
usually = st.sampled_from([True, True, True, False])
times = st.sampled_from([1, 30, 90, 400, 1000, 2000, 4000, 40_000])
changes = st.sampled_from(["pause", "resume", "resume", "resume", "observe", "act", "act", "policy"])
# One limit at a time is tight, so that each is met alone and all are met together.
terms = st.one_of(
    st.builds(Terms, mode=st.sampled_from(["ask", "ask", "act"]), protected=st.booleans()),
    st.builds(Terms, failures=st.sampled_from([1, 1, 2]), half_open=st.sampled_from([900, 60])),
    st.builds(Terms, cool_down=st.sampled_from([0, 900]), freeze=st.sampled_from([(13, 14), (13, 3)])),
    st.builds(
        Terms,
        per_commit=st.sampled_from([1, 2, 0]),
        per_hour=st.integers(1, 3),
        per_day=st.integers(1, 4),
        minutes=st.sampled_from([999, 4, 1]),
        dollars=st.sampled_from([9.0, 0.02, 0.005]),
    ),
)


class Governed(RuleBasedStateMachine):
    """Subclasses say where things are kept."""

    def kept(self) -> Kept:
        """Fresh stores."""
        raise NotImplementedError

    @initialize(terms=terms)
    def begin(self, terms: Terms) -> None:
        self.terms = terms
        self.world = GovernedWorld(self.kept(), parse_policy(terms.text(), REMEDIES))
        self.world.service.watch = self._started
        self.truth = Truth()
        self.paused = False
        self.incidents: list[Incident] = []
        self.decisions: dict[str, Decision] = {}
        self.approvals: dict[str, Approval] = {}
        self.calls: dict[str, int] = {}

    # ---- what happens: one rule, so that every example is of all of it

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        possible = [self.a_build_fails, self.time_passes] * 2 + [self.something_is_changed]
        if self.incidents:
            possible += [self.it_is_decided_on]
        if self.approvals:
            possible += [self.a_person_answers] * 3 + [self.the_build_turns_out_to_be_of_another_commit]
        if self._to_execute():
            possible += [self.it_is_executed] * 4
        if self._begun():
            possible += [self.what_was_tried_ends] * 2
        data.draw(st.sampled_from(possible))(data.draw)

    def a_build_fails(self, draw: Draw) -> None:
        build, decided = draw(builds), draw(usually)
        incident = self.world.fail(build.project, build.commit, build.minutes)
        self.truth.builds[incident.id] = build
        self.incidents.append(incident)
        if decided:
            self._decide(incident)
            if self.decisions[incident.id].verdict is Verdict.ASK:
                self.approvals[incident.id] = self.world.ask(incident, self.decisions[incident.id])

    def it_is_decided_on(self, draw: Draw) -> None:
        self._decide(draw(one_of(self.incidents)))

    def a_person_answers(self, draw: Draw) -> None:
        asked, reply, by = draw(one_of([*self.approvals.values()])), draw(replies), draw(people)
        with suppress(ApprovalRefused):
            self.world.answer(asked, reply, by)

    def the_build_turns_out_to_be_of_another_commit(self, draw: Draw) -> None:
        """So what would be done is no longer what was approved."""
        asked = draw(one_of([*self.approvals.values()]))
        run = self.world.service.runs[asked.run_id]
        self.world.service.runs[asked.run_id] = replace(run, source_version="another")

    def it_is_executed(self, draw: Draw) -> None:
        """A function lives, dies at one of its calls, or dies when CodeBuild has started the build and has not yet said
        so; asked again, it goes on where it died."""
        incident, calls, after = draw(one_of(self._to_execute())), draw(lives), draw(st.booleans())
        before = self.world.kept.actions.of_incident(incident.id)
        may = before is None and self._may_begin(incident)
        action = None
        self.world.service.crash_after_start = not draw(usually)
        with suppress(Died, Throttled, ConnectionError):
            action = self.world.execute(incident, self.decisions[incident.id], Fuse(calls, die, after))
        stored = self.world.kept.actions.of_incident(incident.id)
        if before is None and stored is not None:
            assert may, "an intent was written that a limit, a switch or a missing approval forbade"
            self.truth.intend(incident.id, stored.intended_at)
        if before is None and action is not None:
            assert (action.status is ActionStatus.STARTED) is may, action.reason
            assert may or action.reason

    def what_was_tried_ends(self, draw: Draw) -> None:
        (incident, action), status = draw(one_of(self._begun())), draw(ends)
        self.world.end(incident, self.decisions[incident.id], action, status)
        self.truth.end(incident.id, self.world.clock.now(), status)

    def time_passes(self, draw: Draw) -> None:
        seconds = draw(times)
        self.world.clock.advance(seconds)
        if seconds > 300:
            self.world.service.tokens.clear()  # CodeBuild forgets idempotency tokens after five minutes

    def something_is_changed(self, draw: Draw) -> None:
        change = draw(changes)
        self.world.clock.advance(1)  # nobody turns the switch twice at the very same moment
        switch, now = self.world.kept.switch, self.world.clock.now()
        if change == "pause":
            switch.pause(Pause(PEOPLE[0], now))
        elif change == "resume":
            switch.resume(PEOPLE[0], now)
        elif change == "policy":
            self.terms = draw(terms)
            self.world.policy = parse_policy(self.terms.text(), REMEDIES)
        else:
            self.world.ceiling = Mode(change)
        self.paused = {"pause": True, "resume": False}.get(change, self.paused)

    # ---- in words

    def _decide(self, incident: Incident) -> None:
        now, decision = self.world.clock.now(), self.world.decide(incident)
        if incident.id in self.decisions:
            assert decision == self.decisions[incident.id], "the first decision stands"
            return
        self.decisions[incident.id] = decision
        if self.world.ceiling is Mode.OBSERVE:
            assert decision.verdict is Verdict.OBSERVE
        elif self.paused or self.terms.frozen(now) or self.truth.full(incident.id, now, self.terms):
            assert decision.verdict is Verdict.REFUSE and decision.reason
        else:
            asks = self.terms.protected or self.terms.mode == "ask"
            assert decision.verdict is (Verdict.ASK if asks else Verdict.ACT), decision.reason

    def _to_execute(self) -> list[Incident]:
        """What the state machine would lead to ExecuteAction, again and again."""
        to_do = (Verdict.ACT, Verdict.ASK)
        return [i for i in self.incidents if i.id in self.decisions and self.decisions[i.id].verdict in to_do]

    def _begun(self) -> list[tuple[Incident, Action]]:
        found = (
            (incident, self.world.kept.actions.of_incident(incident.id)) for incident in self._to_execute()
        )
        return [
            (incident, action)
            for incident, action in found
            if action and action.status is ActionStatus.STARTED
        ]

    # ---- what must hold

    def _started(self, run_id: str) -> None:
        """The moment before a build is started: could it be?"""
        (incident,) = (incident for incident in self.incidents if incident.run.run_id == run_id)
        self.calls[incident.id] = self.calls.get(incident.id, 0) + 1
        assert self.calls[incident.id] == 1, "two builds were started for one incident"
        assert not self.truth.tripped(incident.id, self.world.clock.now(), self.terms) or self._unseen(
            incident
        )
        assert self._may_be_called(incident)

    def _unseen(self, incident: Incident) -> bool:
        """Whether its intent was written just now, in the very call that starts it."""
        return incident.id not in {intended for intended, _ in self.truth.intents}

    def _may_be_called(self, incident: Incident) -> bool:
        now, decision = self.world.clock.now(), self.decisions[incident.id]
        return (
            not self.paused
            and self.world.ceiling is Mode.ACT
            and decision.policy_version == self.world.policy.version
            and not self.terms.frozen(now)
            and (decision.verdict is Verdict.ACT or self._approved(incident))
        )

    def _may_begin(self, incident: Incident) -> bool:
        run = self.world.service.runs[incident.run.run_id]
        later = [
            other
            for other in self.world.service.runs.values()
            if other.ref.key == run.ref.key
            and other.source_version == run.source_version
            and other.started_at > run.started_at
        ]
        now = self.world.clock.now()
        return (
            self._may_be_called(incident) and not later and not self.truth.full(incident.id, now, self.terms)
        )

    def _approved(self, incident: Incident) -> bool:
        """Whether a person said yes, in time, to the very commit that would be built, and not the one who began it."""
        stands = self.world.kept.approvals.get(incident.id)
        run = self.world.service.runs[incident.run.run_id]
        return (
            stands is not None
            and stands.status == "approved"
            and self.world.clock.now() < stands.requested_at + timedelta(minutes=28.5)
            and stands.plan.commit == run.source_version
            and not (self.terms.protected and stands.by.endswith("/developer"))
        )

    @invariant()
    def every_build_that_was_started_belongs_to_one_incident(self) -> None:
        if not hasattr(self, "world"):
            return
        claimed = [action.new_run_id for _, action in self._begun()]
        assert len(claimed) == len(set(claimed)), "two incidents claim the same build"


def one_of(things: Sequence[T]) -> st.SearchStrategy[T]:
    """One of the last five: what is old is over."""
    return st.sampled_from(things[:-6:-1])
