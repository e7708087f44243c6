"""A build's source: a commit of a local git repository, checked out clean."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

GIT_TYPES = ("GITHUB", "CODECOMMIT", "BITBUCKET", "GITLAB", "CODEPIPELINE")
GIT_SECONDS = 120
# What a builder's own git configuration says must not change what a build sees.
GIT_ENV = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


class SourceError(Exception):
    """The source cannot be had; the message is the one a build's phase context carries."""


def repository_path(location: str) -> Path | None:
    """The local directory that a source location names (a path or a file:// address), else None."""
    parts = urlsplit(location)
    if parts.scheme not in ("", "file") or not location:
        return None
    path = Path(unquote(parts.path))
    return path if path.is_absolute() else None


def checkout(location: str, version: str | None, target: Path) -> str:
    """Clone ``location`` into ``target`` at ``version`` (branch, tag or commit; default its HEAD).

    Returns the commit's full id. Raises SourceError.
    """
    repository = repository_path(location)
    if repository is None or not repository.is_dir():
        raise SourceError(f"repository not found for primary source {location}")
    # Hard links into the original would let a build write to it.
    _git(["clone", "--quiet", "--no-checkout", "--no-hardlinks", str(repository), str(target)], location)
    commit = _resolve(target, version)
    _git(["-C", str(target), "checkout", "--quiet", "--detach", commit], location)
    return commit


def latest_commit(location: str, branch: str) -> str:
    """The full id of the commit at the tip of ``branch``. Raises SourceError."""
    repository = repository_path(location)
    if repository is None or not repository.is_dir():
        raise SourceError(f"repository not found: {location}")
    return _commit_at(repository, [f"refs/heads/{branch}"], branch)


def author_of(location: str, commit: str) -> tuple[str, str, str]:
    """When the commit was written (ISO 8601), and the address and name of its author. Raises SourceError."""
    shown = _run(
        ["-C", str(repository_path(location)), "show", "--no-patch", "--format=%aI%n%ae%n%an", commit]
    )
    if shown.returncode != 0:
        raise SourceError(f"git failed for {location}: {shown.stderr.strip()}")
    # Git takes every sign but the line feed into a name, also others that end lines elsewhere.
    date, address, name = shown.stdout.split("\n")[:3]
    return date, address, name


def _resolve(clone: Path, version: str | None) -> str:
    names = [f"refs/remotes/origin/{version}", version] if version else ["HEAD"]
    return _commit_at(clone, names, version)


def _commit_at(repository: Path, names: list[str], version: str | None) -> str:
    for name in names:
        wanted = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
        found = _run(["-C", str(repository), *wanted])
        if found.returncode == 0:
            return found.stdout.strip()
    raise SourceError(f"reference not found for primary source and source version {version}")


def _git(arguments: list[str], location: str) -> None:
    done = _run(arguments)
    if done.returncode != 0:
        raise SourceError(f"git failed for primary source {location}: {done.stderr.strip()}")


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return _git_process(arguments)
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"git did not end within {GIT_SECONDS} s") from error


def _git_process(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - git with our own arguments, no shell
        ["git", *arguments],  # noqa: S607 - the git of the host, as the build's own commands use
        env=GIT_ENV,
        capture_output=True,
        text=True,
        timeout=GIT_SECONDS,
        check=False,
    )
