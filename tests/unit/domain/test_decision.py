"""Decisions: policy alone says what may be done; a suggestion can only choose among what fits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.brakes import Brakes, Pause
from selfheal.domain.choice import applicable
from selfheal.domain.decision import Decision, Verdict, chosen, decide
from selfheal.domain.diagnosis import Cause, Diagnosis, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.permission import Circumstances
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import Service
from selfheal.domain.spending import Cost, Spent
from selfheal.remedies.registry import catalogue
from selfheal.testing.builders import NOON, SHOP

REMEDIES = frozenset(remedy.id for remedy in catalogue())
EVERYTHING = '[[rule]]\npipelines = ["*"]\ncauses = ["*"]\nremedies = ["*"]\nmode = "act"\n'
NETWORK = Diagnosis(Cause.NETWORK, True, 0.9, "signature:x", "f", "the network failed")


def verdict(
    diagnosis: Diagnosis = NETWORK,
    policy: str = EVERYTHING,
    suggested: str = "",
    ceiling: Mode = Mode.ACT,
    **now: Any,
) -> Decision:
    rules = parse_policy(policy, REMEDIES)
    return decide(
        pipeline="codebuild:shop",
        diagnosis=diagnosis,
        remedy=chosen(SHOP, IncidentKind.FAILED, diagnosis, suggested, catalogue(), rules),
        policy=rules,
        now=Circumstances(NOON, ceiling, **now),
    )


def test_what_policy_allows_is_acted_on() -> None:
    decision = verdict()
    assert (decision.verdict, decision.remedy) == (Verdict.ACT, "retry_build")


def test_without_a_rule_selfheal_only_watches() -> None:
    decision = verdict(policy="")
    assert decision.verdict is Verdict.OBSERVE and "no policy rule" in decision.reason


@pytest.mark.parametrize(
    ("mode", "expected"), [("observe", Verdict.OBSERVE), ("ask", Verdict.ASK), ("act", Verdict.ACT)]
)
def test_a_rule_goes_as_far_as_its_mode(mode: str, expected: Verdict) -> None:
    assert verdict(policy=EVERYTHING.replace('"act"', f'"{mode}"')).verdict is expected


def test_no_rule_goes_beyond_the_stack() -> None:
    assert verdict(ceiling=Mode.OBSERVE).verdict is Verdict.OBSERVE
    assert verdict(ceiling=Mode.ASK).verdict is Verdict.ASK


def test_poor_confidence_is_refused() -> None:
    decision = verdict(replace(NETWORK, confidence=0.4))
    assert decision.verdict is Verdict.REFUSE and "0.40 is below" in decision.reason


def test_the_confidence_asked_for_is_enough() -> None:
    assert verdict(replace(NETWORK, confidence=0.7)).verdict is Verdict.ACT


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (Spent(per_commit=2), "this commit"),
        (Spent(per_pipeline_hour=5), "this pipeline"),
        (Spent(per_account_day=50), "today"),
    ],
)
def test_a_spent_budget_is_refused(spent: Spent, words: str) -> None:
    decision = verdict(spent=spent)
    assert decision.verdict is Verdict.REFUSE and words in decision.reason


MINUTE, DOLLAR = 60, 1_000_000
FROZEN = (
    '[[freeze]]\ntime_zone = "UTC"\nfrom = "2026-01-15 11:00"\nto = "2026-01-15 13:00"\nreason = "audit"\n'
)


@pytest.mark.parametrize(
    ("policy", "now", "words"),
    [
        (
            "",
            {"paused": Pause("ann", NOON, "incident 42")},
            "paused by ann since 2026-01-15 12:00:00 UTC: incident 42; `selfheal resume` ends it",
        ),
        (FROZEN, {}, "change freeze 1 until 2026-01-15 13:00 UTC: audit"),
        (
            "",
            {"brakes": Brakes(failures=3, tried_at=NOON - timedelta(minutes=20))},
            "retry_build did not heal codebuild:shop 3 times in a row (breaker.failures = 3); one attempt is let "
            "through from 2026-01-15 12:40:00 UTC",
        ),
        (
            "cool_down_seconds = 300\n",
            {"brakes": Brakes(acted_at=NOON - timedelta(seconds=40))},
            "cools down until 2026-01-15 12:04:20 UTC after the last action on it (cool_down_seconds = 300)",
        ),
        (
            "",
            {"spent": Spent(build_seconds=595 * MINUTE), "cost": Cost(build_seconds=6 * MINUTE)},
            "595.0 of 600 build minutes used today, and this would take about 6.0 more (budget.build_minutes_per_day)",
        ),
        (
            "",
            {"spent": Spent(microdollars=19 * DOLLAR), "cost": Cost(microdollars=2 * DOLLAR)},
            "$19.00 of $20.00 used today, and this would cost about $2.00 more (budget.dollars_per_day)",
        ),
    ],
)
def test_what_stands_against_an_action_refuses_it_and_says_so(
    policy: str, now: dict[str, Any], words: str
) -> None:
    decision = verdict(policy=policy + EVERYTHING, **now)
    assert decision.verdict is Verdict.REFUSE and words in decision.reason
    asking = verdict(policy=policy + EVERYTHING.replace('"act"', '"ask"'), **now)
    assert asking.verdict is Verdict.REFUSE, "nobody is asked for what could not be done"


@pytest.mark.parametrize(
    "now",
    [
        {"brakes": Brakes(failures=2, tried_at=NOON)},
        {"brakes": Brakes(failures=3, tried_at=NOON - timedelta(hours=1))},
        {"spent": Spent(build_seconds=594 * MINUTE), "cost": Cost(build_seconds=6 * MINUTE)},
        {
            "spent": Spent(build_seconds=999 * MINUTE, microdollars=99 * DOLLAR)
        },  # what costs nothing needs no room
    ],
)
def test_what_leaves_room_for_one_more_refuses_nothing(now: dict[str, Any]) -> None:
    assert verdict(**now).verdict is Verdict.ACT


def test_a_protected_pipeline_is_never_acted_on_without_a_person() -> None:
    decision = verdict(policy='protected = ["codebuild:sh*"]\n' + EVERYTHING)
    assert decision.verdict is Verdict.ASK and "codebuild:shop is protected" in decision.reason


def test_a_remedy_of_more_risk_than_a_rule_lets_pass_is_refused() -> None:
    decision = verdict(policy=EVERYTHING + 'max_risk = "none"\n')
    assert decision.verdict is Verdict.REFUSE
    assert (
        "the risk of retry_build is repeats, above the none that policy rule 1 lets pass" in decision.reason
    )


def test_a_rule_lets_pass_the_very_risk_that_it_names_and_chooses_no_remedy_beyond_it() -> None:
    memory = replace(NETWORK, cause=Cause.OOM)
    assert verdict(memory).remedy == "retry_build_bigger"
    bounded = verdict(memory, policy=EVERYTHING + 'max_risk = "repeats"\n')
    assert (bounded.verdict, bounded.remedy) == (Verdict.ACT, "retry_build")


def test_a_person_is_told_whatever_stands_against_acting() -> None:
    regression = replace(NETWORK, transient=False)
    decision = verdict(regression, policy=FROZEN, paused=Pause("ann", NOON), spent=Spent(9, 9, 99))
    assert (decision.verdict, decision.remedy) == (Verdict.ACT, "notify")


@pytest.mark.parametrize("transient", [False, None])
def test_what_another_attempt_may_not_help_is_left_to_a_person(transient: bool | None) -> None:
    assert verdict(replace(NETWORK, transient=transient)).remedy == "notify"


@pytest.mark.parametrize(
    ("diagnosis", "words"),
    [
        (replace(NETWORK, cause=Cause.UNKNOWN, source="score", transient=None), "passed but is odd"),
        (replace(NETWORK, cause=Cause.DEPLOY_FAILURE, source="alarm", transient=None), "is harming users"),
        (replace(NETWORK, cause=Cause.UNKNOWN, transient=None), "cause is unknown"),
        (replace(NETWORK, cause=Cause.DEPENDENCY_RESOLUTION), "no remedy for dependency_resolution"),
        (
            replace(NETWORK, cause=Cause.TEST_FAILURE, transient=False),
            "not expected to help against test_failure",
        ),
    ],
)
def test_a_person_is_told_why_it_is_left_to_him(diagnosis: Diagnosis, words: str) -> None:
    assert words in verdict(diagnosis).reason


def test_a_poisoned_cache_is_dropped_rather_than_tried_again() -> None:
    poisoned = replace(NETWORK, cause=Cause.INFRA_FLAKE, suspect=Suspect.CACHE)
    assert verdict(poisoned).remedy == "retry_build_clean"
    assert "retry_build_clean" not in [
        r.id for r in applicable(replace(poisoned, suspect=Suspect.NONE), catalogue())
    ]


def test_a_rule_may_set_the_delay() -> None:
    limited = replace(NETWORK, cause=Cause.REGISTRY_RATE_LIMIT)
    assert verdict(limited).delay_seconds == 60
    assert verdict(limited, policy=EVERYTHING + "delay_seconds = 3\n").delay_seconds == 3


diagnoses = st.builds(
    Diagnosis,
    cause=st.sampled_from(Cause),
    transient=st.sampled_from([True, False, None]),
    confidence=st.floats(0, 1),
    source=st.just("signature:x"),
    fingerprint=st.just("f"),
    summary=st.text(),
    suspect=st.sampled_from(Suspect),
)
policies = st.lists(
    st.tuples(
        st.sampled_from(["*", "codebuild:shop", "codebuild:other"]),
        st.sampled_from(["*", *sorted(Cause)]),
        st.sampled_from(["*", *sorted(REMEDIES)]),
        st.sampled_from(sorted(Mode)),
        st.floats(0, 1),
    ),
    max_size=4,
).map(
    lambda rules: "".join(
        f'[[rule]]\npipelines = ["{p}"]\ncauses = ["{c}"]\nremedies = ["{r}"]\nmode = "{m}"\nmin_confidence = {f}\n'
        + ('runbook = "Selfheal-clean-up"\n' if r in ("*", "run_runbook") else "")
        for p, c, r, m, f in rules
    )
)


@given(diagnoses, policies, st.text() | st.sampled_from(sorted(REMEDIES)), st.sampled_from(Mode))
def test_no_suggestion_whatever_gets_more_done_than_policy_allows(
    diagnosis: Diagnosis, text: str, suggested: str, ceiling: Mode
) -> None:
    decision = verdict(diagnosis, text, suggested, ceiling)
    if decision.verdict is Verdict.ACT and decision.remedy != "notify":
        assert ceiling is Mode.ACT
        assert decision.remedy in allowed_without_a_model(diagnosis, parse_policy(text, REMEDIES))


def allowed_without_a_model(diagnosis: Diagnosis, policy: Policy) -> set[str]:
    """Written apart from decide() on purpose: the rules of the design, once more, as plainly as possible."""
    allowed = set()
    for remedy in catalogue():
        rule = next(
            (r for r in policy.rules if r.matches("codebuild:shop", diagnosis.cause, remedy.id)), None
        )
        fits = diagnosis.cause in remedy.causes and (
            diagnosis.transient is True or not remedy.needs_transient
        )
        fits = fits and Service.CODEBUILD in remedy.services and IncidentKind.FAILED in remedy.kinds
        suspects = remedy.suspect == Suspect.NONE or remedy.suspect == diagnosis.suspect
        if (
            rule
            and rule.mode is Mode.ACT
            and fits
            and suspects
            and diagnosis.confidence >= rule.min_confidence
        ):
            allowed.add(remedy.id)
    return allowed
