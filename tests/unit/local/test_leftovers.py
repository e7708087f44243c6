import errno
import os
import threading
from collections.abc import Collection
from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.leftovers import SET_ASIDE, delete_set_aside, set_aside
from local.patience import Patience


def gone(home: Path) -> bool | None:
    return not list(home.glob(f"{SET_ASIDE}*")) or None


def wait_until_gone(home: Path) -> None:
    Patience(20, threading.Event(), "").until("an empty home", lambda: gone(home))


@pytest.mark.parametrize("name", ["tmp", "devtools", "repositories"])
def test_a_stopped_cloud_has_nothing_of_its_work_left(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "deep").mkdir(parents=True)
    (tmp_path / name / "deep" / "copy.py").write_text("copied")
    LocalCloud(tmp_path).down(lambda step: None)
    assert not (tmp_path / name).exists()
    wait_until_gone(tmp_path)


def test_a_full_disk_keeps_nobody_from_stopping_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To set something aside takes a directory more; on a full disk there is none to be had, and room is wanted."""

    def full(**asked: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    (tmp_path / "tmp" / "deep").mkdir(parents=True)
    assert LocalCloud(tmp_path).down(lambda step: None) == 0
    assert not (tmp_path / "tmp").exists()


def test_what_a_link_leads_to_is_left_alone(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (elsewhere / "mine").touch()
    (home / "tmp").symlink_to(elsewhere)
    (home / f"{SET_ASIDE}x").symlink_to(elsewhere)
    LocalCloud(home).down(lambda step: None)
    wait_until_gone(home)
    assert (elsewhere / "mine").exists()
    assert not (home / "tmp").exists()


def test_nobody_waits_for_the_deletion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, commands = tmp_path / "home", tmp_path / "bin"
    (home / "tmp").mkdir(parents=True)
    commands.mkdir()
    waiting = f"n=0; while [ ! -e {tmp_path}/now ] && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.1; done"
    (commands / "rm").write_text(f'#!/bin/sh\n{waiting}\nexec /bin/rm "$@"\n')
    (commands / "rm").chmod(0o755)
    monkeypatch.setenv("PATH", str(commands), prepend=os.pathsep)
    LocalCloud(home).down(lambda step: None)
    assert not gone(home)
    (tmp_path / "now").touch()
    wait_until_gone(home)


def test_the_workers_copies_are_set_aside_before_their_server_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or MiniStack deletes them one by one until it is killed."""
    found: list[bool] = []

    def stopped(home: Path, spare: Collection[int] = ()) -> int:
        found.append((home / "tmp").exists())
        return 0

    monkeypatch.setattr("local.cloud.stop_all", stopped)
    (tmp_path / "tmp").mkdir()
    LocalCloud(tmp_path).down(lambda step: None)
    assert found == [False]


def test_what_an_interrupted_deletion_left_is_deleted_with_the_next(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    set_aside(tmp_path / "tmp")
    assert not gone(tmp_path)
    LocalCloud(tmp_path).down(lambda step: None)
    wait_until_gone(tmp_path)


def test_a_directory_can_be_set_aside_again_before_the_first_is_gone(tmp_path: Path) -> None:
    for _ in range(2):
        (tmp_path / "tmp").mkdir()
        set_aside(tmp_path / "tmp")
    assert len(list(tmp_path.glob(f"{SET_ASIDE}*/tmp"))) == 2


def test_only_what_was_set_aside_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "-rf").mkdir()
    (tmp_path / "tmp").mkdir()
    set_aside(tmp_path / "tmp")
    set_aside(tmp_path / "nosuch")
    delete_set_aside(tmp_path)
    wait_until_gone(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["-rf", "logs"]
