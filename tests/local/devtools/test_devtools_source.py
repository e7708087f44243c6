"""Checking sources out, and reading application specifications."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.devtools.appspec import AppspecError, Hook, parse_appspec
from local.devtools.source import SourceError, author_of, checkout, latest_commit, repository_path


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/srv/shop", "/srv/shop"),
        ("file:///srv/the%20shop", "/srv/the shop"),
        ("https://example.com/shop.git", None),
        ("git@example.com:shop.git", None),
        ("shop", None),
        ("", None),
    ],
)
def test_only_local_repositories_are_sources(location: str, path: str | None) -> None:
    assert repository_path(location) == (Path(path) if path else None)


def test_branch_tag_and_commit_are_resolved(make_repository: Any, commit: Any, tmp_path: Path) -> None:
    repository = make_repository({"page": "one"})
    first = latest_commit(str(repository), "main")
    subprocess.run(["git", "-C", str(repository), "tag", "v1"], check=True)
    second = commit(repository, {"page": "two"})
    for number, (version, expected) in enumerate(
        [("main", second), (None, second), ("v1", first), (first, first), (first[:10], first)]
    ):
        target = tmp_path / f"checkout-{number}"
        assert checkout(str(repository), version, target) == expected
        assert (target / "page").read_text() == ("one" if expected == first else "two")


@pytest.mark.parametrize("name", ["Bob Miller", "Bob\u2028Miller", "Bob\x0b\x85Miller"])
def test_the_author_is_told_whatever_he_calls_himself(make_repository: Any, name: str) -> None:
    repository = make_repository({"page": "one"})
    amend = ["commit", "--amend", "--no-edit", f"--author={name} <bob@example.com>"]
    as_somebody = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", "-C", str(repository), *as_somebody, *amend], check=True, capture_output=True)
    commit = latest_commit(str(repository), "main")
    assert author_of(str(repository), commit)[1:] == ("bob@example.com", name)


@pytest.mark.parametrize("version", ["gone", "--help", "main; touch x"])
def test_a_version_that_is_not_there_is_named(make_repository: Any, tmp_path: Path, version: str) -> None:
    with pytest.raises(SourceError, match="reference not found"):
        checkout(str(make_repository({"page": "one"})), version, tmp_path / "checkout")


def test_a_build_cannot_change_its_repository(make_repository: Any, tmp_path: Path) -> None:
    repository = make_repository({"page": "one"})
    checkout(str(repository), None, tmp_path / "checkout")
    originals = {
        file.stat().st_ino for file in (repository / ".git" / "objects").rglob("*") if file.is_file()
    }
    copies = {file.stat().st_ino for file in (tmp_path / "checkout" / ".git").rglob("*") if file.is_file()}
    assert originals
    assert not originals & copies


def test_hooks_come_in_the_order_of_a_deployment() -> None:
    text = """
    version: 0.0
    hooks:
      ValidateService: [{location: check.sh, timeout: 30}]
      BeforeInstall: [{location: stop.sh}, {location: clean.sh}]
    """
    assert parse_appspec(text).hooks == (
        Hook("BeforeInstall", "stop.sh"),
        Hook("BeforeInstall", "clean.sh"),
        Hook("ValidateService", "check.sh", 30),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hooks: [", "not valid YAML"),
        ("version: 0.0", "hooks: expected a mapping"),
        ("hooks: {Lunch: []}", "hooks.Lunch: expected one of"),
        ("hooks: {AfterInstall: run.sh}", "hooks.AfterInstall: expected a list"),
        ("hooks: {AfterInstall: [{script: run.sh}]}", r"AfterInstall\[0\].location"),
        ("{hooks: {}, files: here}", "files: expected a list"),
        ("{hooks: {}, files: [{source: /}]}", r"files\[0\].destination"),
        ("hooks: {AfterInstall: [{location: run.sh, timeout: 0}]}", r"AfterInstall\[0\].timeout"),
    ],
)
def test_a_wrong_specification_is_refused_by_the_key_at_fault(text: str, complaint: str) -> None:
    with pytest.raises(AppspecError, match=complaint):
        parse_appspec(text)
