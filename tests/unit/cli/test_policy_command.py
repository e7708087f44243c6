"""`selfheal policy`: what is wrong with a file, and what a policy makes of a cause, as the deployed code would."""

import json
from pathlib import Path

import pytest

from local.policy_schema import policy_schema
from local.records import Governed
from selfheal.domain.action import Action, ActionStatus
from selfheal.domain.brakes import Pause
from selfheal.domain.incident import Lineage
from selfheal.domain.limits import Limits
from selfheal.domain.policy import Mode
from selfheal.domain.spending import Cost
from selfheal.testing.builders import COMMIT, NOON, SHOP
from tests.unit.cli.fakes import ANN, FakeSurroundings, run

RULE = (
    '[[rule]]\npipelines = ["codebuild:*"]\ncauses = ["network"]\nremedies = ["retry_build"]\nmode = "act"\n'
)
ONCE = 'from = "2026-01-15 12:00"\nto = "2026-01-15 18:00"\nreason = "audit"\n'
FREEZE = f'[[freeze]]\ntime_zone = "Europe/Zurich"\n{ONCE}'


@pytest.fixture
def world() -> FakeSurroundings:
    return FakeSurroundings()


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def explained(world: FakeSurroundings, file: str, *more: str) -> str:
    result = run(world, "policy", "explain", "codebuild:shop", "network", "--policy", file, *more)
    assert (result.exit_code, result.stderr) == (0, "")
    return " ".join(result.stdout.split())


def test_check_says_of_each_file_whether_it_can_be_deployed(world: FakeSurroundings, tmp_path: Path) -> None:
    good = written(tmp_path / "good.toml", RULE + FREEZE)
    broken = written(tmp_path / "broken.toml", "[budget]\nper_commit = -1\n")
    no_toml = written(tmp_path / "no.toml", "rule =\n")
    assert run(world, "policy", "check", good).exit_code == 0
    result = run(world, "policy", "check", good, broken, no_toml)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{good}: can be deployed, version ")
    assert result.stdout.endswith(", 1 rule, 1 freeze\n")
    assert f"{broken}: budget.per_commit: must be a whole number from 0 to 1000000, not -1\n" in result.stderr
    assert f"{no_toml}: not valid TOML: Invalid value (at line 1, column 7)" in result.stderr


def test_check_as_json_and_of_what_is_no_file(world: FakeSurroundings, tmp_path: Path) -> None:
    file = written(tmp_path / "p.toml", "colour = 1")
    result = run(world, "policy", "check", file, "--json")
    [found] = json.loads(result.stdout)["files"]
    assert (result.exit_code, found["version"]) == (1, None)
    assert "unknown key 'colour'" in found["problem"]
    absent = tmp_path / "missing.toml"
    missing = run(world, "policy", "check", str(absent), file)
    assert missing.exit_code == 1 and "unknown key 'colour'" in missing.stderr
    assert f"{absent}: cannot be read: No such file or directory\n" in missing.stderr
    assert "cannot be read: Is a directory" in run(world, "policy", "check", str(tmp_path)).stderr
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    assert "is not UTF-8 text" in run(world, "policy", "check", str(tmp_path / "latin.toml")).stderr


@pytest.mark.parametrize(
    ("second", "warned"),
    [
        (RULE, True),
        (RULE.replace("codebuild:*", "codebuild:team-*"), True),
        (RULE.replace("codebuild:*", "codepipeline:*"), False),
        (RULE.replace('"network"', '"*"'), False),
    ],
)
def test_check_warns_of_a_rule_that_is_never_reached(
    world: FakeSurroundings, tmp_path: Path, second: str, warned: bool
) -> None:
    file = written(tmp_path / "p.toml", RULE + second)
    result = run(world, "policy", "check", file)
    assert result.exit_code == 0
    assert ("rule 2 is never reached: rule 1 speaks first" in result.stderr) is warned


def test_explain_names_the_rule_and_the_reason(world: FakeSurroundings, tmp_path: Path) -> None:
    shown = explained(world, written(tmp_path / "p.toml", RULE))
    assert "→ retry_build repeats 1 (act) act policy rule 1 allows retry_build for network" in shown
    assert "kill switch not looked at" in shown
    poor = explained(world, written(tmp_path / "p.toml", RULE), "--confidence", "0.4")
    assert "refuse confidence 0.40 is below the 0.70 that policy rule 1 asks for" in poor
    assert "no policy rule lets retry_build act" in explained(world, written(tmp_path / "e.toml", ""))
    permanent = explained(world, written(tmp_path / "p.toml", RULE), "--permanent")
    assert "→ notify" in permanent and "retry_build" not in permanent


@pytest.mark.parametrize(
    ("at", "holds"), [("2026-01-15T11:30", True), ("2026-01-15T11:30+02:00", False), ("", True)]
)
def test_explain_asks_about_any_moment(world: FakeSurroundings, tmp_path: Path, at: str, holds: bool) -> None:
    file = written(tmp_path / "p.toml", FREEZE + RULE)
    shown = explained(world, file, *(["--at", at] if at else []))
    assert ("change freeze 1 until 2026-01-15 18:00 Europe/Zurich: audit" in shown) is holds
    assert ("holds until 2026-01-15 18:00" in shown) is holds
    assert "2026-01-15 12:00 to 2026-01-15 18:00 Europe/Zurich" in shown


def test_explain_tells_a_freeze_of_other_pipelines_from_one_that_does_not_hold(
    world: FakeSurroundings, tmp_path: Path
) -> None:
    others = FREEZE.replace("[[freeze]]", '[[freeze]]\npipelines = ["codedeploy:*"]')
    shown = explained(world, written(tmp_path / "p.toml", others + RULE), "--at", "2026-01-15T11:30")
    assert "Europe/Zurich: is not for this pipeline" in shown


def test_explain_asks_a_stack_how_its_switch_and_brakes_stand(
    world: FakeSurroundings, tmp_path: Path
) -> None:
    file = written(tmp_path / "p.toml", "cool_down_seconds = 600\n" + RULE)
    actions = world.brakes.actions
    intent = Action("i-1", "retry_build", ActionStatus.INTENDED, NOON)
    actions.intend(intent, Lineage(SHOP, COMMIT), Limits(cost=Cost(300, 25_000)))
    shown = explained(world, file, "--stack-name", "prod")
    assert "cools down until 2026-01-15 12:10:00 UTC" in shown
    assert "1 of 5 in this hour; 1 of 50, 5 of 600 build minutes and $0.03 of $20.00" in shown
    world.brakes.switch.pause(Pause(ANN, NOON, "incident 42"))
    shown = explained(world, file, "--local")
    assert f"paused by {ANN} since 2026-01-15 12:00:00 UTC: incident 42" in shown
    assert world.asked == [("prod", False), ("", True)]


def test_explain_speaks_of_the_runbook_that_a_rule_names(world: FakeSurroundings, tmp_path: Path) -> None:
    rule = RULE.replace("retry_build", "run_runbook") + 'runbook = "Shop-Fix"\n'
    shown = explained(world, written(tmp_path / "p.toml", rule))
    assert "→ run_runbook replaces 1 (act) act policy rule 1 allows run_runbook for network" in shown
    watched = explained(world, written(tmp_path / "o.toml", rule.replace('"act"', '"observe"')))
    assert "run_runbook" not in watched


def test_explain_repeats_a_pipeline_s_build_through_its_stage(
    world: FakeSurroundings, tmp_path: Path
) -> None:
    file = written(tmp_path / "p.toml", RULE.replace('"retry_build"', '"retry_build", "retry_stage"'))
    assert "→ retry_build" in explained(world, file)
    shown = explained(world, file, "--through", "shop")
    assert "→ retry_stage" in shown and "retry_build" not in shown


def test_explain_knows_the_protection_of_the_stage_that_a_build_is_in(
    world: FakeSurroundings, tmp_path: Path
) -> None:
    rule = 'protected = ["codepipeline:*/Prod"]\n' + RULE.replace('"retry_build"', '"retry_stage"')
    file = written(tmp_path / "p.toml", rule)
    assert "codepipeline:shop/Prod is protected" in explained(world, file, "--through", "shop/Prod")
    assert "protected no" in explained(world, file, "--through", "shop/Build")


def test_explain_goes_by_the_mode_and_the_policy_that_the_stack_has(
    world: FakeSurroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.policy.POLICIES", tmp_path)
    written(tmp_path / "prod.toml", RULE)
    written(tmp_path / "default.toml", "")
    world.deployed = Governed(Mode.OBSERVE, "prod")
    asked = ("policy", "explain", "codebuild:shop", "network", "--json")
    of_stack = json.loads(run(world, *asked, "--stack-name", "prod").stdout)
    assert (of_stack["ceiling"], of_stack["remedies"][0]["reason"]) == (
        "observe",
        "the stack is set to observe",
    )
    what_if = json.loads(run(world, *asked, "--stack-name", "prod", "--mode", "act").stdout)
    assert what_if["remedies"][0]["verdict"] == "act"
    offline = json.loads(run(world, *asked).stdout)
    assert (offline["ceiling"], offline["remedies"][0]["rule"]) == ("act", None)


def test_explain_finds_the_policies_of_the_checkout_from_any_folder(
    world: FakeSurroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run(world, "policy", "explain", "codebuild:shop", "network")
    assert (shown.exit_code, "no policy rule lets retry_build act" in shown.stdout) == (0, True)


def test_explain_as_json(world: FakeSurroundings, tmp_path: Path) -> None:
    file = written(tmp_path / "p.toml", 'protected = ["codebuild:shop"]\n' + RULE)
    result = run(world, "policy", "explain", "codebuild:shop", "network", "--policy", file, "--json")
    document = json.loads(result.stdout)
    assert (document["choice"], document["protected"], document["paused"]) == ("retry_build", True, None)
    [first] = document["remedies"]
    assert (first["remedy"], first["rule"], first["verdict"]) == ("retry_build", 1, "ask")
    assert document["spent"] is None and document["budget"]["dollars_per_day"] == 20.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shop", "network"], "PIPELINE: 'shop' is not"),
        (["codebuild:shop", "gremlins"], "gremlins"),
        (["codebuild:shop", "network", "--at", "tomorrow"], "--at: 'tomorrow' is not ISO 8601"),
    ],
)
def test_what_cannot_be_asked_is_an_error_in_a_line(
    world: FakeSurroundings, tmp_path: Path, arguments: list[str], words: str
) -> None:
    file = written(tmp_path / "p.toml", RULE)
    result = run(world, "policy", "explain", *arguments, "--policy", file)
    assert result.exit_code == 2 and words in result.stderr


def test_the_schema_is_printed(world: FakeSurroundings) -> None:
    assert json.loads(run(world, "policy", "schema").stdout) == policy_schema()
