"""`selfheal score`: one line out for each line in, whatever comes in."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from selfheal.detect.model import dump, embedded_model


def a_run(number: int, seconds: float = 300.0) -> dict[str, Any]:
    return {
        "pipeline": "shop",
        "run_id": f"r{number}",
        "started_at": f"2026-01-01T00:{number:02}:00Z",
        "status": "SUCCEEDED",
        "duration_s": seconds + number % 5,
    }


COMMAND = [sys.executable, "-c", "from cli.main import app; app()", "score", "--runs"]
LINES = [json.dumps(a_run(n)) for n in range(30)] + [json.dumps(a_run(30, 1500.0))]


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["score", *arguments], input=stdin)


def scores(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_run_gets_a_line_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text("\n".join(LINES))
    result = run("--runs", str(file))
    found = scores(result)
    assert result.exit_code == 0
    assert [each["run_id"] for each in found] == [f"r{n}" for n in range(31)]
    assert [each["anomalous"] for each in found] == [False] * 30 + [True]
    assert set(found[0]) >= {
        "run_id", "pipeline", "state", "score", "p_value", "anomalous", "level", "blame", "shift",
    }  # fmt: skip


def test_runs_come_through_a_pipe_too() -> None:
    assert len(scores(run("--runs", "-", stdin="\n".join(LINES)))) == 31


def test_a_line_that_cannot_be_read_is_answered_in_its_place_and_the_rest_is_scored() -> None:
    broken = [*LINES[:10], "{", "[]", json.dumps(a_run(50) | {"duration_s": None}), *LINES[10:]]
    result = run("--runs", "-", stdin="\n".join(broken))
    found = scores(result)
    assert [each["state"] for each in found[10:13]] == ["refused"] * 3
    assert found[12]["error"] == "line 13: duration_s: must be a number, not None"
    assert [each for each in found if each["state"] != "refused"] == scores(
        run("--runs", "-", stdin="\n".join(LINES))
    )
    assert result.exit_code == 0 and "3 of 34 runs could not be scored" in result.stderr


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "run: must be a JSON object: Expecting property name"),
        (b"\xff\xfe", "run: must be UTF-8; byte 1 of the line is not"),
        (b"[" * 100_000, "run: must be a JSON object; this is nested too deeply"),
        (b"1" * 5_000, "run: must be a JSON object"),
    ],
)
def test_a_line_that_is_no_json_is_refused_with_the_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + LINES[0].encode() + b"\n" + line + b"\n")
    first, second = scores(run("--runs", str(file)))
    assert first["state"] == "warming"
    assert second["state"] == "refused" and second["error"].startswith(f"line 2: {reason}")


def test_a_tighter_budget_needs_more_to_call_a_run_odd() -> None:
    wide, tight = (
        scores(
            run("--runs", "-", "--budget", budget, stdin="\n".join([*LINES[:30], json.dumps(a_run(30, 450))]))
        )
        for budget in ("50", "0.1")
    )
    assert wide[-1]["anomalous"] and not tight[-1]["anomalous"]
    assert wide[-1]["score"] == tight[-1]["score"]


def test_a_trained_model_can_be_named_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(dump(embedded_model()))
    bad.write_bytes(dump(embedded_model())[:-9])
    assert run("--runs", "-", "--model", str(good), stdin=LINES[0]).exit_code == 0
    refused = run("--runs", "-", "--model", str(bad), stdin=LINES[0])
    assert refused.exit_code == 2 and "sha256" in refused.stderr


def test_a_file_that_is_not_there_is_a_clear_error() -> None:
    result = run("--runs", "nowhere.jsonl")
    assert result.exit_code == 2 and "nowhere.jsonl cannot be read" in result.stderr


def test_bytes_that_are_no_text_are_answered_in_their_place(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(LINES[:8]).encode() + b'\r\n{"run_id": "\xff"}\r\n')
    found = scores(run("--runs", str(file)))
    assert [each["state"] for each in found] == ["warming"] * 5 + ["ready"] * 3 + ["refused"]
    assert found[-1]["error"].startswith("line 9: run: must be UTF-8; byte 13 of the line is not")


@pytest.mark.parametrize("option", ["--budget", "--min-seconds"])
@pytest.mark.parametrize("value", ["nan", "inf", "0"])
def test_an_option_must_be_a_number_that_means_something(option: str, value: str) -> None:
    result = run("--runs", "-", option, value, stdin=LINES[0])
    assert result.exit_code == 2 and option in result.stderr and result.stdout == ""


def test_a_reader_that_has_seen_enough_is_no_accident(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text("\n".join(LINES * 200))
    with subprocess.Popen([*COMMAND, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as scoring:
        assert scoring.stdout and scoring.stderr
        assert b"warming" in scoring.stdout.readline()
        scoring.stdout.close()
        assert scoring.wait() == 141
        assert scoring.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_answer_that_cannot_be_written_is_not_blamed_on_the_runs(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text(LINES[0])
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, str(file)], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode != 0
    assert b"No space left" in done.stderr and b"cannot be read" not in done.stderr


@pytest.mark.parametrize("name", ["NaN", "-Infinity", "1e999", '{"a": [1]}', "[]"])
def test_a_name_that_is_none_is_not_repeated(name: str) -> None:
    line = f'{{"run_id": {name}, "pipeline": {name}}}'
    [found] = [
        json.loads(out, parse_constant=pytest.fail)
        for out in run("--runs", "-", stdin=line).stdout.splitlines()
    ]
    assert (found["state"], found["run_id"], found["pipeline"]) == ("refused", None, None)
