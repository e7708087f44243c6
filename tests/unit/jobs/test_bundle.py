"""The bundle that the containers run, in an interpreter that has nothing else."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from selfheal.jobs.bundle import bundle
from tests.contract.transformed import ROOT


@pytest.fixture(scope="module")
def packed() -> bytes:
    return bundle()


def test_it_needs_nothing_that_is_not_in_it(packed: bytes, tmp_path: Path) -> None:
    (tmp_path / "training.pyz").write_bytes(packed)
    asked = (
        "from selfheal.jobs.__main__ import main; from selfheal.detect.forest import LIBRARY; print(LIBRARY)"
    )
    place = tmp_path / "unpacked"
    zipfile.ZipFile(io.BytesIO(packed)).extractall(place)
    alone = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(place)!r}); {asked}"]
    done = subprocess.run(alone, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("krcf 0.4")


def test_it_runs_a_job_by_itself(packed: bytes, tmp_path: Path) -> None:
    """The folders are SageMaker's, which are not here: the job says so in the way it says everything."""
    (tmp_path / "training.pyz").write_bytes(packed)
    asked = [sys.executable, "-I", "-S", str(tmp_path / "training.pyz"), "prepare", "--until", "x"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "argument --until: invalid moment_of value" in done.stderr


def test_the_same_code_gives_the_same_bytes(packed: bytes) -> None:
    assert bundle() == packed


def test_no_adapter_no_test_and_no_cache_is_in_it(packed: bytes) -> None:
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert {"__main__.py", "selfheal/jobs/prepare.py", "selfheal/detect/embedded.model"} <= set(names)
    assert [name for name in names if "adapters" in name or "testing" in name or "__pycache__" in name] == []


def test_the_containers_get_the_forest_of_the_layer(tmp_path: Path) -> None:
    (tmp_path / "krcf").mkdir()
    (tmp_path / "krcf/krcf.abi3.so").write_bytes(b"for another processor")
    found = zipfile.ZipFile(io.BytesIO(bundle(tmp_path)))
    assert found.read("krcf/krcf.abi3.so") == b"for another processor"


def test_the_forest_of_the_containers_is_that_of_the_functions() -> None:
    """A reference that one version measured must not be read with another."""
    pinned = (ROOT / "layers/core/requirements.txt").read_text()
    assert (ROOT / "layers/core/containers.txt").read_text() in pinned
