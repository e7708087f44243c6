import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from local.devtools.runbooks import parse_runbook
from local.errors import InvalidScenario
from local.scenario import SCENARIOS, About, load, names
from selfheal.domain.decision import Verdict
from selfheal.domain.diagnosis import Cause
from selfheal.domain.policy import Mode
from selfheal.domain.policy_file import parse_policy
from selfheal.remedies.registry import modules, remedy_module
from selfheal.remedy_ports import Case
from selfheal.testing.builders import a_run
from selfheal.testing.toolbox import fake_tools

POLICY = Path(__file__).parents[3] / "policy" / "local.toml"
MOST_TELLING = 9
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
    (folder / "x" / "base").mkdir(parents=True)
    (folder / "x" / "scenario.toml").write_text(text)


@pytest.mark.parametrize("name", names())
def test_every_scenario_can_be_loaded_and_has_a_project_with_tests(name: str) -> None:
    scenario = load(name)
    runs = scenario.history + scenario.leading + scenario.followups
    if scenario.about is About.SERVICE:
        assert (scenario.folder / "base" / "appspec.yml").is_file()
        assert scenario.truth.deployments > runs
    else:
        assert (scenario.folder / "base" / "buildspec.yml").is_file()
        assert list((scenario.folder / "base").glob("tests/test_*.py"))
        assert scenario.truth.builds > runs


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
        ("builds = 1", 'builds = 1\nanswer = "perhaps"', "truth.answer"),
        ("builds = 1", "builds = 1\ndeployments = -1", "truth.deployments"),
        ('title = "A title"', 'title = "A title"\nabout = "lunch"', "about"),
        ('title = "A title"', 'title = "A title"\ntelling = "yes"', "telling"),
        ('title = "A title"', 'title = "A title"\nfiles_of = "y"', "files_of"),
        ("[truth]", '[circumstances]\nevents = "late"\n[truth]', "circumstances.events"),
        ("[truth]", '[circumstances]\nperson = "sleeps"\n[truth]', "circumstances.person"),
        ("[truth]", "[circumstances]\npaused = 1\n[truth]", "circumstances.paused"),
        ("[truth]", "[circumstances]\nweather = 1\n[truth]", "'weather'"),
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
def test_the_local_policy_would_permit_a_remedy_in_every_project(name: str) -> None:
    """So that leaving a project alone is the decision's merit and not that of an absent rule."""
    policy, scenario = parse_policy(POLICY.read_text(), frozenset(modules())), load(name)
    if scenario.about is About.SERVICE:
        pipeline, cause, remedy = (
            f"codedeploy:{scenario.project}/prod",
            Cause.DEPLOY_FAILURE,
            "roll_back_deployment",
        )
    elif scenario.about is About.RELEASE:
        pipeline, cause, remedy = (
            f"codepipeline:{scenario.project}/Deploy",
            Cause.DEPLOY_FAILURE,
            "roll_back_stage",
        )
    else:
        remedy = "run_runbook" if scenario.runbook else "retry_build"
        pipeline, cause = f"codebuild:{scenario.project}-2", Cause.INFRA_FLAKE
    rule = policy.rule_for(pipeline, cause, remedy)
    assert rule is not None
    assert rule.mode is (Mode.ASK if scenario.truth.decision == Verdict.ASK else Mode.ACT)


def test_there_are_few_telling_scenarios_and_many_in_all() -> None:
    telling = [name for name in names() if load(name).telling]
    assert 5 <= len(telling) <= MOST_TELLING
    assert len(names()) >= 14


def test_policy_rules_name_demo_projects_only() -> None:
    rules = tomllib.loads(POLICY.read_text())["rule"]
    assert not any(fnmatchcase("codebuild:shop", pattern) for rule in rules for pattern in rule["pipelines"])


def test_no_scenario_was_forgotten() -> None:
    folders = {path.name for path in SCENARIOS.iterdir() if path.is_dir()}
    assert folders == set(names())


@pytest.mark.parametrize("name", [name for name in names() if load(name).runbook])
def test_a_runbook_declares_every_parameter_that_it_is_given(name: str) -> None:
    """Systems Manager refuses a parameter that the document does not declare."""
    scenario = load(name)
    declared = parse_runbook(scenario.runbook, (scenario.folder / "runbook.yml").read_text()).parameters
    case = Case("0123456789abcdef", "execute-action", runbook=scenario.runbook, cause=Cause.INFRA_FLAKE)
    plan = remedy_module("run_runbook").plan(a_run(), fake_tools(case=case))
    assert plan.target == scenario.runbook
    assert set(plan.parameters) == set(declared)
