import threading
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
