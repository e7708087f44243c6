"""`selfheal diagnose`: reports for people, JSON for programs, and what happens to lines that cannot be read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner
from typer.testing import Result as Invoked

from cli.main import app
from selfheal.remedies.registry import modules

RESET = "\x1b[31mcurl: (6) \x1b[0mCould not resolve host: downloads.example.org"
KEYS = ["id", "cause", "transient", "confidence", "remedy", "evidence", "fingerprint", "source"]


def run(*arguments: str, stdin: str | bytes = "") -> Invoked:
    return CliRunner().invoke(app, ["diagnose", *arguments], input=stdin)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "build.log"
    path.write_text(f"fetching\n{RESET}\nCommand did not exit successfully make exit status 6\n")
    return path


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


def rows(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_person_reads_cause_line_numbers_reason_and_remedy(log: Path) -> None:
    shown = run(str(log))
    assert shown.exit_code == 0
    assert f"{log.name}: network, confidence" in shown.output.replace("\n", "")
    for part in ("2 | curl: (6) Could not resolve host", "signature connection-failed", "retry_build"):
        assert part in shown.output


def test_markup_in_a_log_is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "odd.log"
    path.write_text("[bold]x[/nope] No space left on device")
    assert "[bold]x[/nope] No space left on device" in run(str(path)).output


def test_several_logs_in_one_json_document(log: Path) -> None:
    document = json.loads(run(str(log), str(log), "--json").stdout)
    assert [each["file"] for each in document["diagnoses"]] == [str(log)] * 2
    assert document["diagnoses"][0]["cause"] == "network"


def test_a_log_may_come_from_standard_input_in_any_bytes() -> None:
    shown = run("-", "--json", stdin=b"\xff\xfe\nwrite: No space left on device\n")
    assert json.loads(shown.stdout)["diagnoses"][0]["cause"] == "disk_full"


def test_a_pipe_is_read_once_and_quoted_letter_by_letter() -> None:
    lines = ["fetching", RESET, ""]
    command = [sys.executable, "-c", "from cli.main import app; app()", "diagnose", "-", "--json"]
    shown = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
    found = json.loads(shown.stdout)["diagnoses"][0]
    assert found["cause"] == "network"
    assert all(each["text"] in lines[each["line"] - 1] for each in found["evidence"])


def test_a_stream_of_rows_keeps_order_and_keys(tmp_path: Path) -> None:
    path = rows(
        tmp_path, *(json.dumps({"id": f"r{n}", "text": text}) for n, text in enumerate([RESET, "", "hm"]))
    )
    shown = run("--jsonl", path)
    found = [json.loads(line) for line in shown.stdout.splitlines()]
    assert shown.exit_code == 0
    assert [(each["id"], each["cause"]) for each in found] == [
        ("r0", "network"),
        ("r1", "unknown"),
        ("r2", "unknown"),
    ]
    assert all(list(each) == KEYS and each["remedy"] in modules() for each in found)


def test_evidence_of_a_row_stands_in_its_text_letter_by_letter(tmp_path: Path) -> None:
    text = f"{RESET}\nfatal: \x1b[1mpassword=hunter2hunter2\x1b[0m No space left on device"
    found = json.loads(run("--jsonl", rows(tmp_path, json.dumps({"id": 1, "text": text}))).stdout)
    lines = text.split("\n")
    assert found["evidence"]
    assert all(each["text"] in lines[each["line"] - 1] for each in found["evidence"])
    assert "hunter2" not in json.dumps(found)


@pytest.mark.parametrize(
    ("line", "row_id", "said"),
    [
        ("{oops", None, "line 2: line: must be a JSON object"),
        ("[1]", None, "line 2: line: must be a JSON object with id and text, not list"),
        ("[" * 100_000, None, "line 2: line: must be a JSON object"),
        ('{"text": "x"}', None, "line 2: id: is missing"),
        ('{"id": "b"}', "b", "line 2: text: is missing"),
        ('{"id": "b", "text": 7}', "b", "line 2: text: must be a string, not int"),
        ('{"id": true, "text": "x"}', True, "line 2: id: must be a string or a whole number, not bool"),
    ],
)
def test_a_bad_line_becomes_its_error_and_loses_no_other(
    tmp_path: Path, line: str, row_id: object, said: str
) -> None:
    good = json.dumps({"id": "a", "text": RESET})
    shown = run("--jsonl", rows(tmp_path, good, line, good))
    found = [json.loads(each) for each in shown.stdout.splitlines()]
    assert [each["id"] for each in found] == ["a", row_id, "a"]
    assert found[1]["error"].startswith(said)
    assert shown.exit_code == 0
    assert '1 of 3 lines could not be read; see "error"' in shown.stderr


@pytest.mark.parametrize(
    "start",
    [
        b"\x7fELF\x02\x01",
        b"\x1f\x8b\x08\x00" + b"x" * 90,
        "make: failed".encode("utf-16"),
        bytes(range(20)) * 9,
    ],
)
@pytest.mark.parametrize("option", [(), ("--json",), ("--jsonl",)])
def test_what_is_no_text_is_refused(tmp_path: Path, start: bytes, option: tuple[str, ...]) -> None:
    file = tmp_path / "build.bin"
    file.write_bytes(start)
    shown = run(*option, str(file))
    assert shown.exit_code == 2
    assert "is no text: give a log as UTF-8 text, unpacked" in shown.stderr
    assert shown.stdout == ""


def test_colours_and_a_few_odd_bytes_are_text(tmp_path: Path) -> None:
    file = tmp_path / "build.log"
    file.write_bytes(b"\x1b[31mwrite: No space left on device\x1b[0m \x00\xff\n" * 3 + b"done " * 60)
    assert "disk_full" in run(str(file)).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a log"),
        (["no-such.log"], "no-such.log cannot be read: No such file"),
        (["--jsonl", "no-such.jsonl"], "no-such.jsonl cannot be read: No such file"),
        (["x.log", "--jsonl", "y"], "--jsonl reads y and nothing else"),
        (["--json", "--jsonl", "y"], "--jsonl reads y and nothing else"),
    ],
)
def test_wrong_usage_says_what_to_write(arguments: list[str], said: str) -> None:
    shown = run(*arguments)
    assert shown.exit_code == 2
    assert said in shown.stderr


def test_a_tools_word_about_its_own_log_is_no_evidence(tmp_path: Path) -> None:
    file = tmp_path / "build.log"
    file.write_text(
        "npm ERR! missing script: package\n\n"
        "npm ERR! A complete log of this run can be found in:\nnpm ERR!     /root/.npm/_logs/2026-01-15-debug-0.log\n"
    )
    found = json.loads(run("--json", str(file)).stdout)["diagnoses"][0]
    assert [line["line"] for line in found["evidence"]] == [1]
