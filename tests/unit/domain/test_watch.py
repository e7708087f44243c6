"""Watches of a policy file: which alarms speak for which deployed service."""

from datetime import timedelta

import pytest

from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import PipelineKey

WATCH = """
[[watch]]
alarms = ["shop-*-5xx", "shop-latency"]
pipeline = "codedeploy:shop/prod"
bake_minutes = 45
"""
STAGE = WATCH.replace("codedeploy:shop/prod", "codepipeline:shop/Deploy").replace("bake_minutes = 45", "")


def test_a_watch_ties_alarms_to_what_a_pipeline_deploys() -> None:
    (watch,) = parse_policy(WATCH, frozenset()).watches
    assert watch.pipeline == PipelineKey.parse("codedeploy:shop/prod")
    assert watch.bake == timedelta(minutes=45)
    assert watch.covers("shop-prod-5xx") and watch.covers("shop-latency")


@pytest.mark.parametrize("name", ["shop-5xx", "my-shop-prod-5xx", "shop-prod-5xx-old", "SHOP-prod-5xx", ""])
def test_a_name_matches_as_a_whole_or_not_at_all(name: str) -> None:
    (watch,) = parse_policy(WATCH, frozenset()).watches
    assert not watch.covers(name)


def test_a_stage_can_be_watched_and_bakes_for_half_an_hour_unless_told_otherwise() -> None:
    first, second = parse_policy(WATCH + STAGE, frozenset()).watches
    assert str(second.pipeline) == "codepipeline:shop/Deploy"
    assert second.bake == timedelta(minutes=30)
    assert first.pipeline != second.pipeline


def test_nothing_is_watched_unless_the_policy_says_so() -> None:
    assert parse_policy("", frozenset()).watches == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[[watch]]", "[watch]", r"\[\[watch\]\]"),
        ("bake_minutes", "bake", "watch 1: unknown key 'bake'"),
        ("45", "0", "watch 1.bake_minutes"),
        ("45", "1441", "watch 1.bake_minutes"),
        ("45", "true", "watch 1.bake_minutes"),
        ("45", "1.5", "watch 1.bake_minutes"),
        ('["shop-*-5xx", "shop-latency"]', "[]", "watch 1.alarms"),
        ('["shop-*-5xx", "shop-latency"]', '"shop"', "watch 1.alarms"),
        ('"shop-latency"', '""', "watch 1.alarms"),
        ('"shop-latency"', '"*"', "watch 1.alarms: must name the alarms of one service"),
        ('"shop-latency"', '"?*"', "watch 1.alarms: must name the alarms of one service"),
        ('"shop-latency"', '"[!~]*"', "watch 1.alarms: must name the alarms of one service"),
        ('"shop-latency"', '"[]a]?[a-z]"', "watch 1.alarms: must name the alarms of one service"),
        ('"shop-latency"', "7", "watch 1.alarms"),
        ('"codedeploy:shop/prod"', "7", "watch 1.pipeline"),
        ('"codedeploy:shop/prod"', '"shop"', "watch 1.pipeline"),
        ('"codedeploy:shop/prod"', '"codebuild:shop/prod"', "watch 1.pipeline"),
        ('"codedeploy:shop/prod"', '"codedeploy:shop"', "watch 1.pipeline"),
        ('"codedeploy:shop/prod"', '"codedeploy:shop/"', "watch 1.pipeline"),
        ('"codedeploy:shop/prod"', '"codedeploy:shop/*"', "watch 1.pipeline"),
    ],
)
def test_a_bad_watch_names_the_key(old: str, new: str, words: str) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        parse_policy(WATCH.replace(old, new), frozenset())


@pytest.mark.parametrize("named", ["shop[0-9]", "[", "[shop", "s*", "*]"])
def test_a_pattern_with_a_character_of_its_own_names_alarms(named: str) -> None:
    (watch,) = parse_policy(WATCH.replace("shop-latency", named), frozenset()).watches
    assert named in watch.alarms


def test_watches_are_tables() -> None:
    with pytest.raises(InvalidPolicy, match="watch 1: must be a table"):
        parse_policy("watch = [1]", frozenset())


def test_the_pipeline_of_a_watch_must_be_named() -> None:
    with pytest.raises(InvalidPolicy, match=r"watch 1\.pipeline"):
        parse_policy('[[watch]]\nalarms = ["a"]', frozenset())
