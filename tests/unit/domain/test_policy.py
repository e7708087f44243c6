"""Policy files: what is wrong with one is said by name; nothing unknown is ignored."""

import pytest

from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.policy import Mode, parse_policy

REMEDIES = frozenset({"retry_build", "notify"})
RULE = """
[[rule]]
pipelines = ["codebuild:shop-*"]
causes = ["network"]
remedies = ["retry_build"]
mode = "act"
"""


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
    ],
)
def test_a_bad_policy_names_the_key(text: str, words: str) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        parse_policy(text, REMEDIES)
