"""Whatever the circumstances: what is acted on breaks no limit, the same question has the same answer, and one more
obstacle never gets more done."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.brakes import Brakes, Pause
from selfheal.domain.decision import Decision, Verdict, decide
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.permission import Circumstances
from selfheal.domain.policy import Breaker, Budget, Mode, Policy, Rule
from selfheal.domain.remedy import Risk
from selfheal.domain.spending import Cost, Spent
from selfheal.remedies.registry import catalogue
from selfheal.testing.builders import NOON

FURTHEST = [Verdict.REFUSE, Verdict.OBSERVE, Verdict.ASK, Verdict.ACT]
(RETRY,) = (remedy for remedy in catalogue() if remedy.id == "retry_build")
ANN = Pause("ann", NOON)

few = st.integers(0, 4)
past = st.none() | st.integers(0, 7200).map(lambda seconds: NOON - timedelta(seconds=seconds))
budgets = st.builds(Budget, few, few, few, build_minutes_per_day=few, dollars_per_day=st.floats(0, 0.1))
policies = st.builds(
    lambda budget, mode, floor, risk, cool, failures, half_open, protected: Policy(
        "v",
        budget,
        (Rule(("codebuild:*",), frozenset({Cause.NETWORK}), frozenset({"retry_build"}), mode, floor, risk),),
        cool_down_seconds=cool,
        breaker=Breaker(failures, half_open),
        protected_pipelines=("*",) if protected else (),
    ),
    budgets,
    st.sampled_from(Mode),
    st.sampled_from([0.0, 0.7, 1.0]),
    st.sampled_from(Risk),
    st.integers(0, 7200),
    st.integers(1, 3),
    st.integers(1, 7200),
    st.booleans(),
)
circumstances = st.builds(
    Circumstances,
    st.just(NOON),
    st.sampled_from(Mode),
    st.none() | st.just(ANN),
    st.builds(Spent, few, few, few, build_seconds=st.integers(0, 300), microdollars=st.integers(0, 100_000)),
    st.builds(Cost, build_seconds=st.integers(0, 300), microdollars=st.integers(0, 100_000)),
    st.builds(Brakes, acted_at=past, failures=few, tried_at=past),
)
confidences = st.floats(0, 1)


def decided(policy: Policy, now: Circumstances, confidence: float) -> Decision:
    diagnosis = Diagnosis(Cause.NETWORK, True, confidence, "signature:x", "f", "the network failed")
    return decide(pipeline="codebuild:shop", diagnosis=diagnosis, remedy=RETRY, policy=policy, now=now)


@given(policies, circumstances, confidences)
def test_what_is_acted_on_or_asked_about_breaks_no_limit(
    policy: Policy, now: Circumstances, confidence: float
) -> None:
    decision = decided(policy, now, confidence)
    assert decision.reason and decision == decided(policy, now, confidence)
    if decision.verdict not in (Verdict.ACT, Verdict.ASK):
        return
    (rule,), budget, spent, cost, brakes = policy.rules, policy.budget, now.spent, now.cost, now.brakes
    assert now.paused is None and Mode.OBSERVE not in (rule.mode, now.ceiling)
    assert confidence >= rule.min_confidence and rule.max_risk is not Risk.NONE
    assert spent.per_commit < budget.per_commit
    assert spent.per_pipeline_hour < budget.per_pipeline_hour
    assert spent.per_account_day < budget.per_account_day
    assert (
        not cost.build_seconds
        or spent.build_seconds + cost.build_seconds <= 60 * budget.build_minutes_per_day
    )
    assert not cost.microdollars or spent.microdollars + cost.microdollars <= round(
        budget.dollars_per_day * 1_000_000
    )
    assert brakes.acted_at is None or (NOON - brakes.acted_at).total_seconds() >= policy.cool_down_seconds
    tried = brakes.tried_at and (NOON - brakes.tried_at).total_seconds() >= policy.breaker.half_open_seconds
    assert brakes.failures < policy.breaker.failures or brakes.tried_at is None or tried
    if decision.verdict is Verdict.ACT:
        assert (rule.mode, now.ceiling) == (Mode.ACT, Mode.ACT) and not policy.protected_pipelines


@given(policies, circumstances, confidences)
def test_one_more_obstacle_never_gets_more_done(
    policy: Policy, now: Circumstances, confidence: float
) -> None:
    without = FURTHEST.index(decided(policy, now, confidence).verdict)
    harder = [
        (policy, replace(now, paused=ANN)),
        (policy, replace(now, spent=replace(now.spent, per_account_day=now.spent.per_account_day + 1))),
        (policy, replace(now, brakes=replace(now.brakes, failures=now.brakes.failures + 1))),
        (replace(policy, protected_pipelines=("*",)), now),
        (replace(policy, cool_down_seconds=policy.cool_down_seconds + 60), now),
    ]
    for stricter, worse in harder:
        assert FURTHEST.index(decided(stricter, worse, confidence).verdict) <= without
