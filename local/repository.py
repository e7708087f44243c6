"""Makes a scenario's git repository: real commits, the same hashes on every machine."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

AUTHOR = {"NAME": "Demo", "EMAIL": "demo@example.com"}
FIRST_DAY = 1_767_225_600  # 2026-01-01T00:00:00Z
BRANCH = "main"
CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with one commit, or two when the scenario has a change."""

    path: Path
    first: str
    last: str


def make_repository(scenario_folder: Path, target: Path, *, change_later: bool = False) -> Repository:
    """Commit the scenario's ``base`` and, where there is one, its ``change`` on top, in a new ``target``."""
    _copy(scenario_folder / "base", target)
    _git(target, "init", "--quiet", f"--initial-branch={BRANCH}")
    first = last = _commit(target, "Add the project", FIRST_DAY)
    if not change_later and (scenario_folder / CHANGE).is_dir():
        last = commit_change(scenario_folder, target)
    return Repository(target, first, last)


def commit_change(scenario_folder: Path, target: Path) -> str:
    """Commit the scenario's ``change`` on top of what is there. Gives the commit."""
    _copy(scenario_folder / CHANGE, target)
    return _commit(target, "Change the project", FIRST_DAY + 3600)


def move_branch(path: Path, commit: str) -> None:
    """Let the branch be at that commit, as a push would."""
    _git(path, "update-ref", f"refs/heads/{BRANCH}", commit)


def _copy(source: Path, target: Path) -> None:
    """Copy without times: git takes a file of equal size and time for unchanged."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored, copy_function=shutil.copy)


def _commit(path: Path, message: str, at: int) -> str:
    _git(path, "add", "--all")
    _git(path, "commit", "--quiet", "--message", message, at=at)
    return _git(path, "rev-parse", "HEAD").strip()


def _git(path: Path, *arguments: str, at: int = FIRST_DAY) -> str:
    """Run git without the user's own configuration: hooks, signing and names would change the commits."""
    roles = ("AUTHOR", "COMMITTER")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        **{f"GIT_{role}_{what}": value for role in roles for what, value in AUTHOR.items()},
        **{f"GIT_{role}_DATE": f"{at} +0000" for role in roles},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(  # noqa: S603 - git and our own arguments, no shell
        command, cwd=path, env=environment, check=True, capture_output=True, text=True
    ).stdout
