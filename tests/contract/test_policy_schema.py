"""The JSON schema and the parser accept the same policy files."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from local.policy_schema import policy_schema
from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.policy_file import read_policy
from selfheal.remedies.registry import catalogue

ROOT = Path(__file__).parents[2]
REMEDIES = frozenset(remedy.id for remedy in catalogue())
SCHEMA = Draft202012Validator(policy_schema())
# What only the parser can know; see local/policy_schema.py.
BEYOND_A_SCHEMA = ("time_zone: must be an IANA", "to: must be after from", "must be a date and time such as")

GOOD: dict[str, Any] = {
    "protected": ["codepipeline:*/Prod"],
    "cool_down_seconds": 300,
    "budget": {"per_commit": 2, "build_minutes_per_day": 60, "dollars_per_day": 2.5},
    "breaker": {"failures": 3, "half_open_seconds": 60},
    "autonomy": {"bar": 0.9, "min_outcomes": 20, "promote_to_act": False},
    "freeze": [
        {"time_zone": "Europe/Zurich", "days": ["fri"], "from": "18:00", "to": "08:00", "reason": "weekend"},
        {"pipelines": ["*"], "time_zone": "UTC", "from": "2026-12-20 18:00", "to": "2027-01-04 08:00"},
    ],
    "rule": [
        {
            "pipelines": ["codebuild:shop", "*"],
            "causes": ["network", "*"],
            "remedies": ["retry_build", "run_runbook"],
            "runbook": "Selfheal-clear-cache",
            "mode": "act",
            "min_confidence": 0.7,
            "max_risk": "repeats",
            "delay_seconds": 5,
        }
    ],
    "watch": [{"alarms": ["shop-*"], "pipeline": "codedeploy:shop/prod", "bake_minutes": 30}],
}


def problem(document: object) -> str:
    try:
        read_policy(document, REMEDIES, "v")
    except InvalidPolicy as error:
        return str(error)
    return ""


def agree(document: object) -> bool:
    refused = problem(document)
    if refused and any(words in refused for words in BEYOND_A_SCHEMA) and SCHEMA.is_valid(document):
        return True
    return SCHEMA.is_valid(document) is not bool(refused)


def test_the_file_is_what_the_command_prints() -> None:
    text = (ROOT / "policy/policy.schema.json").read_text()
    assert json.loads(text) == policy_schema(), "selfheal policy schema > policy/policy.schema.json"
    Draft202012Validator.check_schema(policy_schema())


def test_what_uses_every_key_is_good_for_both() -> None:
    assert problem(GOOD) == "" and SCHEMA.is_valid(GOOD) and SCHEMA.is_valid({})
    table = policy_schema()["properties"]
    used = {f"{key}.{inner}" for key, value in GOOD.items() for part in parts(value) for inner in part}
    known = {f"{key}.{inner}" for key, value in table.items() for inner in properties(value)}
    assert set(GOOD) == set(table) and used == known - {
        "budget.per_pipeline_hour",
        "budget.per_account_day",
    }


def parts(value: Any) -> list[dict[str, Any]]:
    tables = value if isinstance(value, list) else [value]
    return [table for table in tables if isinstance(table, dict)]


def properties(schema: Any) -> Any:
    return schema.get("items", schema).get("properties", {})


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


def changed(path: tuple[Any, ...], change: Any) -> Any:
    document: Any = copy.deepcopy(GOOD)
    if not path:
        return change(document)
    *way, last = path
    target = document
    for key in way:
        target = target[key]
    target[last] = change(target[last])
    return document


@pytest.mark.parametrize(
    "path", [path for path in places(GOOD) if path and isinstance(path[-1], str)], ids=str
)
def test_both_know_the_same_keys_to_be_required_and_no_others(path: tuple[Any, ...]) -> None:
    *way, last = path
    document: Any = copy.deepcopy(GOOD)
    target = document
    for key in way:
        target = target[key]
    value = target.pop(last)
    assert agree(document)
    target[f"{last}x"] = value
    assert agree(document) and problem(document)


words = st.sampled_from(
    [
        *sorted(REMEDIES),
        "network",
        "act",
        "mon",
        "repeats",
        "*",
        "[!~]*",
        "codebuild:a",
        "shop",
        "UTC",
        "Mars/Olympus",
        "none",
    ]
)
clocks = st.sampled_from(
    ["00:00", "23:59", "24:00", "7:00", "07:60", "18:00\n", "2026-02-30 10:00", "2026-02-03 10:00"]
)
texts = (
    words | clocks | st.text(max_size=6) | st.just("x" * 201) | st.sampled_from(["codedeploy:a/b", "a\x7f"])
)
numbers = (
    st.integers(-2, 2_000_000) | st.floats(allow_nan=False) | st.sampled_from([0, 1, 1.0, 3600, 3600.5, 0.5])
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(places(GOOD)), anything)
def test_whatever_stands_in_the_place_of_a_value_both_say_the_same_of_it(
    path: tuple[Any, ...], value: Any
) -> None:
    document = changed(path, lambda old: value)
    assert agree(document), problem(document)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(GOOD)), anything, max_size=3))
def test_of_any_tables_whatever_both_say_the_same(document: dict[str, Any]) -> None:
    assert agree(document), problem(document)
