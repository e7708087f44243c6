"""The command line of the processing jobs."""

import json
import random
from pathlib import Path

import pytest

from selfheal.jobs.__main__ import main
from tests.unit.jobs.lakes import BUDGET, DAYS, UNTIL, lake, runs


def test_a_refusal_is_said_where_sagemaker_looks_for_it(tmp_path: Path) -> None:
    (tmp_path / "processing/input/lake").mkdir(parents=True)
    asked = ["prepare", "--until", UNTIL.isoformat(), "--days", "30", "--min-seconds", "10", "--budget", "5"]
    assert main(asked, tmp_path) == 1
    assert (tmp_path / "output/message").read_text().startswith("the lake holds no run of these days")


@pytest.mark.parametrize("budget", ["0", "-5", "nan", "inf", "101", "many"])
def test_a_budget_that_cannot_be_is_refused_before_the_lake_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], budget: str
) -> None:
    """A person may start the pipeline with parameters of his own."""
    lake(tmp_path / "processing/input/lake", runs())
    asked = ["prepare", "--until", UNTIL.isoformat(), "--days", str(DAYS), "--min-seconds", "10"]
    with pytest.raises(SystemExit):
        main([*asked, f"--budget={budget}"], tmp_path)
    assert "--budget" in capsys.readouterr().err


def test_both_jobs_work_in_the_folders_that_sagemaker_gives_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first/processing", tmp_path / "second/processing"
    lake(first / "input/lake", runs())
    until = UNTIL.isoformat()
    asked = ["prepare", "--until", until, "--days", str(DAYS), "--min-seconds", "10", "--budget", str(BUDGET)]
    assert main(asked, first.parent) == 0
    for channel in ("rows", "report"):
        (second / "input").mkdir(parents=True, exist_ok=True)
        (first / "output" / channel).rename(second / "input" / channel)
    rng = random.Random(2)
    (second / "input/scores").mkdir()
    count = len((first / "output/sets/vectors.csv").read_text().splitlines())
    answer = "".join(json.dumps({"score": rng.uniform(0.8, 1.2)}) + "\n" for _ in range(count))
    (second / "input/scores/vectors.csv.out").write_text(answer)
    capsys.readouterr()
    assert main(["evaluate", "--until", until, "--budget", str(BUDGET)], second.parent) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["runs"] > 200
    assert (second / "output/thresholds/model.bin").exists()
    assert not (second.parent / "output").exists()
