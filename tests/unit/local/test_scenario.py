import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from local.errors import InvalidScenario
from local.scenario import SCENARIOS, load, names
from selfheal.domain.diagnosis import Cause
from selfheal.domain.policy import Mode
from selfheal.domain.policy_file import parse_policy
from selfheal.remedies.registry import modules

POLICY = Path(__file__).parents[3] / "policy" / "local.toml"
GOOD = """
title = "A title"
project = "demo-x"
[truth]
kind = "failed"
cause = "test_failure"
decision = "act"
action = "notify"
outcome = "notified"
builds = 1
"""


def declare(folder: Path, text: str) -> None:
    (folder / "x").mkdir()
    (folder / "x" / "scenario.toml").write_text(text)


@pytest.mark.parametrize("name", names())
def test_every_scenario_can_be_loaded_and_has_a_project_with_tests(name: str) -> None:
    scenario = load(name)
    assert (scenario.folder / "base" / "buildspec.yml").is_file()
    assert list((scenario.folder / "base").glob("tests/test_*.py"))
    assert scenario.truth.builds > scenario.history + scenario.leading + scenario.followups


def test_project_names_are_unique() -> None:
    projects = [load(name).project for name in names()]
    assert len(set(projects)) == len(projects)


def test_declared_defaults(tmp_path: Path) -> None:
    declare(tmp_path, GOOD)
    scenario = load("x", tmp_path)
    assert (scenario.history, scenario.leading, scenario.followups) == (0, 0, 0)
    assert (scenario.cache, scenario.dependency) == (False, None)
    assert (scenario.truth.blame, scenario.truth.detector, scenario.truth.shift) == ("", "", False)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('cause = "test_failure"', 'cause = "bad_luck"', "truth.cause"),
        ('action = "notify"', 'action = "reboot"', "truth.action"),
        ('kind = "failed"', "kind = []", "truth.kind"),
        ('project = "demo-x"', "project = 3", "project"),
        ("builds = 1", "builds = 0", "truth.builds"),
        ("builds = 1", "", "builds is missing"),
        ("builds = 1", "builds = 1\nblame = 3", "truth.blame"),
        ("builds = 1", "builds = 1\ndetector = false", "truth.detector"),
        ("builds = 1", 'builds = 1\nshift = "yes"', "truth.shift"),
        ('title = "A title"', 'title = "A title"\nleading = -1', "leading"),
        ('title = "A title"', "", "title is missing"),
        ('title = "A title"', 'title = "A title"\nhistroy = 1', "'histroy'"),
        ('title = "A title"', 'title = "A title"\nhistory = -1', "history"),
        ("[truth]", '[dependency]\nkind = "moody"\nvariable = "X"\n[truth]', "dependency.kind"),
        ("[truth]", "[truths]", "truth"),
        ('title = "A title"', "title = A title", "not valid TOML"),
    ],
)
def test_a_wrong_declaration_names_the_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in GOOD
    declare(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InvalidScenario) as caught:
        load("x", tmp_path)
    assert named in str(caught.value)
    assert "x/scenario.toml" in str(caught.value)


def test_an_unknown_scenario_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidScenario, match="flaky_test"):
        load("nosuch")


@pytest.mark.parametrize("name", names())
def test_the_local_policy_would_permit_a_retry_in_every_project(name: str) -> None:
    """So that leaving a project alone is the decision's merit and not that of an absent rule."""
    policy = parse_policy(POLICY.read_text(), frozenset(modules()))
    rule = policy.rule_for(f"codebuild:{load(name).project}-2", Cause.INFRA_FLAKE, "retry_build")
    assert rule is not None
    assert rule.mode is Mode.ACT


def test_policy_rules_name_demo_projects_only() -> None:
    rules = tomllib.loads(POLICY.read_text())["rule"]
    assert not any(fnmatchcase("codebuild:shop", pattern) for rule in rules for pattern in rule["pipelines"])


def test_no_scenario_was_forgotten() -> None:
    folders = {path.name for path in SCENARIOS.iterdir() if path.is_dir()}
    assert folders == set(names())
