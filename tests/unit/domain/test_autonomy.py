"""Earned autonomy: gained slowly and by outcomes alone, lost at once, given back by a person."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.action import OutcomeStatus
from selfheal.domain.autonomy import TELLING, Clearance, Subject, Track, Trial, Trust, change_of, trust_of
from selfheal.domain.decision import Decision, Verdict, decide
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.permission import Circumstances
from selfheal.domain.policy import Autonomy, Budget, Mode, Policy, Rule
from selfheal.domain.rate import Rate
from selfheal.remedies.registry import remedy_module
from selfheal.testing.builders import NOON, SHOP

SUBJECT = Subject(SHOP, Cause.FLAKY_TEST, "retry_build")
DEFAULT = Autonomy()
H, N, W = OutcomeStatus.HEALED, OutcomeStatus.NOT_HEALED, OutcomeStatus.WORSE
OUTCOMES = st.lists(st.sampled_from([H, N, W]), max_size=40)
RANK = {mode: rank for rank, mode in enumerate(Mode)}


def a_track(*outcomes: OutcomeStatus, cleared_after: int | None = None) -> Track:
    """Trials a minute apart, the first given first."""
    trials = [Trial(f"i{n}", NOON + timedelta(minutes=n), outcome) for n, outcome in enumerate(outcomes)]
    cleared = None if cleared_after is None else Clearance("ann", NOON + timedelta(minutes=cleared_after))
    return Track(SUBJECT, tuple(reversed(trials)), cleared)


def test_the_bar_is_passed_by_the_lower_bound_over_enough_outcomes() -> None:
    assert not trust_of(a_track(*[H] * 19), DEFAULT).earned
    assert not trust_of(a_track(*[H] * 24), DEFAULT).earned, "0.8988 is below 0.9"
    earned = trust_of(a_track(*[H] * 25), DEFAULT)
    assert earned.earned and earned.cap is Mode.ACT
    assert earned.words == "it healed 25 of 25, which is at least 0.90 with 95 % confidence (0.90 asked for)"
    assert trust_of(a_track(H), DEFAULT).words == "1 of the 20 outcomes that are asked for"


def test_one_harm_means_watching_only() -> None:
    found = trust_of(a_track(*[H] * 50, W, *[H] * 50), DEFAULT)
    assert (found.cap, found.earned) == (Mode.OBSERVE, False)
    assert "worse in incident i50" in found.words


def test_three_failures_in_a_row_mean_asking_and_two_do_not() -> None:
    assert trust_of(a_track(*[H] * 30, N, N), DEFAULT).cap is Mode.ACT
    assert trust_of(a_track(*[H] * 30, N, N, N), DEFAULT).cap is Mode.ASK
    assert trust_of(a_track(N, N, N, H), DEFAULT).cap is Mode.ACT, "it healed since"


def test_what_a_person_cleared_counts_no_more() -> None:
    cleared = a_track(W, N, N, N, H, cleared_after=3)
    assert trust_of(cleared, DEFAULT).cap is Mode.ACT
    assert cleared.rate == Rate(1, 1)
    again = a_track(W, H, W, cleared_after=0)
    assert trust_of(again, DEFAULT).cap is Mode.OBSERVE


def test_a_trial_counts_once() -> None:
    track = a_track(H)
    assert track.with_trial(Trial("i0", NOON + timedelta(hours=1), N)) is track
    assert [t.incident_id for t in track.with_trial(Trial("x", NOON - timedelta(hours=1), N)).trials] == [
        "i0",
        "x",
    ]


@pytest.mark.parametrize(
    ("before", "after", "promote", "told"),
    [
        (Trust(), Trust(earned=True, words="it healed"), False, "Proposal: let retry_build for flaky_test in"),
        (Trust(), Trust(earned=True, words="it healed"), True, "Promoted by the policy (promote_to_act)"),
        (Trust(earned=True), Trust(earned=True), False, ""),
        (Trust(earned=True), Trust(Mode.OBSERVE, words="it made things worse"), False, "Demoted to observe"),
        (Trust(), Trust(Mode.ASK, words="it did not heal"), True, "`selfheal autonomy clear codebuild:shop flaky_test"),
        (Trust(Mode.ASK), Trust(Mode.ASK), False, ""),
        (Trust(Mode.ASK), Trust(), False, ""),
    ],
)  # fmt: skip
def test_people_are_told_of_what_changes_and_only_then(
    before: Trust, after: Trust, promote: bool, told: str
) -> None:
    words = change_of(before, after, SUBJECT, Autonomy(promote_to_act=promote))
    assert told in words and bool(words) is bool(told)


def judged(
    trust: Trust, mode: Mode = Mode.ASK, promote: bool = True, ceiling: Mode = Mode.ACT, **changes: object
) -> Decision:
    """The decision on a flaky test, with a rule of that mode."""
    rule = Rule(("*",), frozenset(Cause), frozenset({"retry_build"}), mode)
    fields = {"autonomy": Autonomy(promote_to_act=promote), "protected_pipelines": ()} | changes
    policy = Policy("v1", Budget(), (rule,), **fields)  # type: ignore[arg-type]
    diagnosis = Diagnosis(Cause.FLAKY_TEST, True, 0.9, "signature:x", "f", "a test failed")
    now = Circumstances(NOON, ceiling, trust=trust)
    remedy = remedy_module("retry_build").REMEDY
    return decide(pipeline="codebuild:shop", diagnosis=diagnosis, remedy=remedy, policy=policy, now=now)


EARNED = Trust(earned=True, words="it healed 25 of 25")


def test_a_rule_that_asks_is_promoted_only_by_a_line_in_the_policy() -> None:
    assert judged(EARNED, promote=False).verdict is Verdict.ASK
    promoted = judged(EARNED)
    assert promoted.verdict is Verdict.ACT and "has earned to act: it healed 25 of 25" in promoted.reason


def test_a_rule_that_observes_is_never_promoted_and_a_protected_pipeline_always_asks() -> None:
    assert judged(EARNED, Mode.OBSERVE).verdict is Verdict.OBSERVE
    assert judged(EARNED, protected_pipelines=("codebuild:*",)).verdict is Verdict.ASK


def test_nothing_is_promoted_beyond_the_stack_s_mode() -> None:
    assert judged(EARNED, ceiling=Mode.ASK).verdict is Verdict.ASK
    assert judged(EARNED, ceiling=Mode.OBSERVE).verdict is Verdict.OBSERVE


def test_exactly_as_many_outcomes_as_are_asked_for_are_enough() -> None:
    bar = Autonomy(bar=0.5, min_outcomes=9)
    assert trust_of(a_track(*[H] * 9), bar).earned
    assert not trust_of(a_track(*[H] * 8), bar).earned


def test_a_demotion_holds_whatever_the_rule_says() -> None:
    assert judged(Trust(Mode.ASK, words="it failed"), Mode.ACT).verdict is Verdict.ASK
    assert judged(Trust(Mode.OBSERVE, words="it harmed"), Mode.ACT).verdict is Verdict.OBSERVE


@given(OUTCOMES, st.sampled_from(list(Mode)), st.booleans())
def test_trust_never_goes_beyond_what_rule_and_policy_permit(
    outcomes: list[OutcomeStatus], mode: Mode, promote: bool
) -> None:
    trust = trust_of(a_track(*outcomes), Autonomy(bar=0.5, min_outcomes=1))
    verdict = judged(trust, mode, promote).verdict
    permitted = Mode.ACT if mode is Mode.ASK and promote and trust.earned else mode
    assert RANK[Mode(verdict.value)] <= min(RANK[permitted], RANK[trust.cap])
    assert not (trust.earned and W in outcomes)


@given(OUTCOMES, st.integers(0, 40))
def test_one_more_harm_never_raises_trust(outcomes: list[OutcomeStatus], at: int) -> None:
    bar = Autonomy(bar=0.5, min_outcomes=1)
    before, after = trust_of(a_track(*outcomes), bar), trust_of(a_track(*outcomes, W), bar)
    assert RANK[after.cap] <= RANK[before.cap] and not after.earned


def test_only_outcomes_of_what_was_tried_tell_anything() -> None:
    assert set(TELLING) == {H, N, W}
