"""Policy files: each can be deployed, and the default one lets nothing happen."""

import re
import tomllib
from pathlib import Path

import pytest

from local.policies import check_files
from selfheal.domain.diagnosis import Cause
from selfheal.domain.freeze_table import FREEZE_KEYS
from selfheal.domain.policy_file import (
    AUTONOMY_KEYS,
    BREAKER_KEYS,
    BUDGET_KEYS,
    RULE_KEYS,
    TOP_KEYS,
    parse_policy,
)
from selfheal.domain.watch import WATCH_KEYS
from selfheal.remedies.registry import catalogue

ROOT = Path(__file__).parents[2]
REMEDIES = frozenset(remedy.id for remedy in catalogue())
FILES = sorted((ROOT / "policy").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_policy_can_be_deployed(path: Path) -> None:
    parse_policy(path.read_text(), REMEDIES)


def test_the_default_policy_lets_nothing_happen() -> None:
    policy = parse_policy((ROOT / "policy/default.toml").read_text(), REMEDIES)
    assert all(
        policy.rule_for("codebuild:any", cause, remedy) is None for cause in Cause for remedy in REMEDIES
    )


def test_what_the_default_policy_shows_as_examples_is_valid() -> None:
    text = (ROOT / "policy/default.toml").read_text()
    examples = text[text.index("# protected") :]
    uncommented = "\n".join(line.removeprefix("# ").removeprefix("#") for line in examples.splitlines())
    policy = parse_policy(uncommented, REMEDIES)
    assert len(tomllib.loads(uncommented)["rule"]) == len(policy.rules) == 4
    (watch,) = policy.watches
    assert watch.covers("shop-prod-5xx")
    assert len(policy.freezes) == 2 and policy.protected("codedeploy:shop/prod")


def test_the_default_policy_names_every_key_there_is() -> None:
    text = (ROOT / "policy/default.toml").read_text()
    keys = {*TOP_KEYS, *BUDGET_KEYS, *BREAKER_KEYS, *AUTONOMY_KEYS, *RULE_KEYS, *FREEZE_KEYS, *WATCH_KEYS}
    assert {key for key in keys - {"watch"} if not re.search(rf"\b{key}\b( =|\])", text)} == set()


def test_the_policy_in_the_docs_is_valid_and_names_every_cause() -> None:
    page = (ROOT / "docs/policy.md").read_text()
    example = page.split("```toml")[1].split("```")[0]
    assert parse_policy(example, REMEDIES).rules
    assert all(f"`{cause}`" in page for cause in Cause)


def test_a_broken_policy_is_found_before_it_is_deployed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[budget]\nper_commit = -1\n")
    assert not any(checked.problem or checked.warnings for checked in check_files(FILES))
    [found] = [checked for checked in check_files([*FILES, broken]) if checked.problem]
    assert found.file == broken and "budget.per_commit" in found.problem
