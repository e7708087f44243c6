import os
import subprocess
from pathlib import Path

from local.repository import commit_change, make_repository, move_branch
from local.scenario import load


def git(path: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=path, check=True, capture_output=True, text=True).stdout


def test_the_same_scenario_gives_the_same_commits(tmp_path: Path) -> None:
    folder = load("genuine_regression").folder
    one, other = make_repository(folder, tmp_path / "a"), make_repository(folder, tmp_path / "b")
    assert (one.first, one.last) == (other.first, other.last)
    assert one.first != one.last


def test_a_change_is_a_commit_on_top_of_the_first(tmp_path: Path) -> None:
    repository = make_repository(load("broken_buildspec").folder, tmp_path / "a")
    assert git(repository.path, "rev-parse", "HEAD~1").strip() == repository.first
    assert git(repository.path, "diff", "--name-only", "HEAD~1").split() == ["buildspec.yml"]


def test_a_scenario_without_a_change_has_one_commit(tmp_path: Path) -> None:
    repository = make_repository(load("flaky_test").folder, tmp_path / "a")
    assert repository.first == repository.last
    assert git(repository.path, "rev-list", "--count", "HEAD").strip() == "1"


def test_commits_are_by_the_fixed_author_and_everything_is_committed(tmp_path: Path) -> None:
    repository = make_repository(load("flaky_test").folder, tmp_path / "a")
    assert git(repository.path, "log", "-1", "--format=%an <%ae>").strip() == "Demo <demo@example.com>"
    assert git(repository.path, "status", "--porcelain") == ""


def test_a_change_of_equal_size_and_time_is_a_change(tmp_path: Path) -> None:
    for folder, text in (("base", "SECONDS = 0.1"), ("change", "SECONDS = 0.5")):
        file = tmp_path / "scenario" / folder / "settings.py"
        file.parent.mkdir(parents=True)
        file.write_text(text)
        os.utime(file, (1_767_225_600, 1_767_225_600))
    made = make_repository(tmp_path / "scenario", tmp_path / "repository")
    assert made.first != made.last


def test_the_branch_is_where_it_was_moved_to(tmp_path: Path) -> None:
    repository = make_repository(load("broken_buildspec").folder, tmp_path / "a")
    move_branch(repository.path, repository.first)
    assert git(repository.path, "rev-parse", "refs/heads/main").strip() == repository.first


def test_a_change_can_come_later(tmp_path: Path) -> None:
    folder = load("broken_buildspec").folder
    repository = make_repository(folder, tmp_path / "a", change_later=True)
    assert repository.first == repository.last
    assert commit_change(folder, repository.path) == make_repository(folder, tmp_path / "b").last
