"""Policy files: what is wrong with one is said by name; nothing unknown is ignored."""

import pytest

from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.policy import Autonomy, Breaker, Budget, Mode
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.remedy import Risk

REMEDIES = frozenset({"retry_build", "notify"})
RULE = """
[[rule]]
pipelines = ["codebuild:shop-*"]
causes = ["network"]
remedies = ["retry_build"]
mode = "act"
"""
FREEZE = '[[freeze]]\ntime_zone = "Europe/Zurich"\ndays = ["fri"]\nfrom = "18:00"\nto = "08:00"\n'
ONCE = '[[freeze]]\ntime_zone = "UTC"\nfrom = "2026-12-23 18:00"\nto = "2026-12-24 08:00"\n'


def test_a_rule_speaks_of_what_it_names_and_of_nothing_else() -> None:
    policy = parse_policy(RULE, REMEDIES)
    rule = policy.rule_for("codebuild:shop-api", Cause.NETWORK, "retry_build")
    assert rule is not None and rule.mode is Mode.ACT
    assert policy.rule_for("codebuild:shop-api", Cause.OOM, "retry_build") is None
    assert policy.rule_for("codebuild:shop-api", Cause.NETWORK, "notify") is None
    assert policy.rule_for("xcodebuild:shop-api", Cause.NETWORK, "retry_build") is None
    assert policy.rule_for("codebuild:SHOP-api", Cause.NETWORK, "retry_build") is None


def test_the_first_rule_that_matches_speaks() -> None:
    policy = parse_policy(RULE.replace('"act"', '"observe"') + RULE, REMEDIES)
    rule = policy.rule_for("codebuild:shop-api", Cause.NETWORK, "retry_build")
    assert rule is not None and rule.mode is Mode.OBSERVE


def test_an_empty_policy_allows_nothing() -> None:
    assert parse_policy("", REMEDIES).rule_for("codebuild:shop", Cause.NETWORK, "retry_build") is None


def test_the_version_changes_with_the_text() -> None:
    assert parse_policy(RULE, REMEDIES).version != parse_policy(RULE + "# note\n", REMEDIES).version


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rule = ", "not valid TOML"),
        ("colour = 1", "unknown key 'colour'"),
        ("rule = 1", r"\[\[rule\]\]"),
        ("budget = 1", "budget: must be a table"),
        ("[budget]\nper_commit = -1", "budget.per_commit"),
        ("[budget]\nper_commit = true", "budget.per_commit"),
        ("[budget]\nper_year = 1", "unknown key 'per_year'"),
        (RULE.replace("mode", "mod"), "rule 1: unknown key 'mod'"),
        (RULE.replace('"act"', '"go"'), "rule 1.mode"),
        (RULE.replace('"act"', "[]"), "rule 1.mode"),
        (RULE.replace('"act"', "1"), "rule 1.mode"),
        (RULE.replace('["network"]', '["gremlins"]'), "rule 1.causes: 'gremlins'"),
        (RULE.replace('["retry_build"]', '["rm_rf"]'), "rule 1.remedies: 'rm_rf'"),
        (RULE.replace('["codebuild:shop-*"]', "[]"), "rule 1.pipelines"),
        (RULE.replace('["codebuild:shop-*"]', '"codebuild:shop"'), "rule 1.pipelines"),
        (RULE + "min_confidence = 2", "rule 1.min_confidence"),
        (RULE + "delay_seconds = 99999", "rule 1.delay_seconds"),
        (RULE + "delay_seconds = 1.5", "rule 1.delay_seconds: must be a whole number"),
        (
            RULE + 'max_risk = "huge"',
            "rule 1.max_risk: must be none, repeats, spends, changes or replaces, not 'huge'",
        ),
        (RULE.replace("codebuild:shop-*", "shop-*"), "rule 1.pipelines: 'shop-\\*' matches no pipeline key"),
        ("[budget]\ndollars_per_day = nan", "budget.dollars_per_day"),
        ("[budget]\nbuild_minutes_per_day = 0.5", "budget.build_minutes_per_day"),
        ("cool_down_seconds = -1", "cool_down_seconds: must be a whole number from 0 to 604800, not -1"),
        ("breaker = 3", "breaker: must be a table"),
        ("[breaker]\nfailures = 0", "breaker.failures"),
        ("[breaker]\nhalf_open_seconds = 0", "breaker.half_open_seconds"),
        ("[breaker]\nopen = 1", "breaker: unknown key 'open'; known keys are failures, half_open_seconds"),
        ('protected = "codepipeline:shop/Prod"', "protected: must be a list"),
        ('protected = ["prod"]', "protected: 'prod' matches no pipeline key"),
        ("[autonomy]\nbar = 0.4", "autonomy.bar"),
        ("[autonomy]\npromote_to_act = 1", "autonomy.promote_to_act: must be true or false"),
        ("freeze = {}", r"\[\[freeze\]\]"),
        (FREEZE.replace("Europe/Zurich", "Europe/Zuerich"), "freeze 1.time_zone: must be an IANA time zone"),
        (FREEZE.replace("Europe/Zurich", "../etc/passwd"), "freeze 1.time_zone"),
        (FREEZE.replace("Europe/Zurich", "Europe"), "freeze 1.time_zone"),
        (FREEZE.replace('"fri"', '"friday"'), "freeze 1.days: 'friday' is not one of fri, mon"),
        (FREEZE.replace("18:00", "24:00"), "freeze 1.from: must be a time of day"),
        (FREEZE.replace("18:00", "6:00"), "freeze 1.from: must be a time of day"),
        (FREEZE.replace('days = ["fri"]', ""), "freeze 1.from: must be a date and time"),
        (ONCE.replace("2026-12-24 08:00", "2026-12-23 18:00"), "freeze 1.to: must be after from"),
        (ONCE.replace("12-24", "02-30"), "freeze 1.to: must be a date and time"),
        (ONCE + 'reason = "a\\nb"', "freeze 1.reason: must be one line"),
        (ONCE + "to_date = 1", "freeze 1: unknown key 'to_date'"),
    ],
)
def test_a_bad_policy_names_the_key(text: str, words: str) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        parse_policy(text, REMEDIES)


def test_everything_a_policy_can_say_is_read() -> None:
    policy = parse_policy(
        'protected = ["codepipeline:*/Prod"]\ncool_down_seconds = 300\n'
        "[budget]\nper_commit = 1\nbuild_minutes_per_day = 90\ndollars_per_day = 2.5\n"
        "[breaker]\nfailures = 2\nhalf_open_seconds = 600\n"
        "[autonomy]\nbar = 0.95\nmin_outcomes = 30\npromote_to_act = true\n"
        + FREEZE
        + ONCE
        + RULE
        + 'max_risk = "repeats"\ndelay_seconds = 3.0\n'
        + RULE,
        REMEDIES,
    )
    assert policy.protected("codepipeline:shop/Prod") and not policy.protected("codepipeline:shop/Test")
    assert policy.cool_down_seconds == 300
    assert policy.budget == Budget(per_commit=1, build_minutes_per_day=90, dollars_per_day=2.5)
    assert policy.breaker == Breaker(failures=2, half_open_seconds=600)
    assert policy.autonomy == Autonomy(bar=0.95, min_outcomes=30, promote_to_act=True)
    assert [freeze.number for freeze in policy.freezes] == [1, 2]
    first, second = policy.rules
    assert (first.max_risk, first.delay_seconds, first.number) == (Risk.REPEATS, 3, 1)
    assert (second.max_risk, second.delay_seconds, second.number) == (Risk.REPLACES, None, 2)


def test_what_a_policy_does_not_say_is_careful() -> None:
    policy = parse_policy("", REMEDIES)
    assert policy.breaker == Breaker(3, 3600)
    assert policy.budget == Budget(2, 5, 50, 600, 20.0)
    assert not policy.autonomy.promote_to_act
    assert not policy.protected("codebuild:shop")
