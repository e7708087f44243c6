"""Tests that share a server run on one worker: on two, each would start one, and steps of a story lose each other."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers import STACK, scope_of, turn_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("nodeid", "scope", "turn"),
    [
        ("tests/local/test_harm.py::test_a[x::y]", STACK, 0),
        ("tests/local/test_asking.py::test_b", STACK, 0),
        ("tests/local/test_hostile_model.py::test_c", "tests/local/test_hostile_model.py", 1),
        ("tests/local/devtools/test_alarms.py::test_d", "tests/local/devtools", 1),
        ("tests/local/sagemaker/test_the_whole_way.py::test_e", "tests/local/sagemaker", 1),
        ("tests/unit/local/test_ports.py::test_f", "tests/unit/local/test_ports.py", 2),
    ],
)
def test_what_a_test_shares_and_when_it_runs(nodeid: str, scope: str, turn: int) -> None:
    assert (scope_of(nodeid), turn_of(nodeid)) == (scope, turn)


def test_two_workers_keep_to_it() -> None:
    """The marks of xdist once did not, and nobody noticed."""
    files = ["tests/unit/local/test_ports.py", "tests/unit/local/test_patience.py"]
    command = [sys.executable, "-m", "pytest", "-n", "2", "-v", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    said = [line.split() for line in done.stdout.splitlines() if " PASSED " in line]
    where = {(line[-1].partition("::")[0], line[0]) for line in said}
    assert sorted(file for file, _ in where) == sorted(files)
