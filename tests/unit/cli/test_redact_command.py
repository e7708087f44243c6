"""`selfheal redact`: a filter that people put behind a pipe."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cli.errors import UsageError
from cli.redact import LINE_CAP, copy, known_values, summary
from selfheal.diagnose.redact import Redactor
from tests.redaction.tokens import token

COMMAND = [sys.executable, "-c", "from cli.main import app; app()", "redact"]
SILENT = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}


def filtered(raw: bytes, *options: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*COMMAND, *options], check=False, input=raw, capture_output=True, env={**SILENT, **variables}
    )


def test_secrets_go_and_everything_else_stays() -> None:
    text = f"step 1\ntoken {token('npm')}\n\nstep 2\twith täbs\n"
    done = filtered(text.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "step 1\ntoken [redacted:npm-token#1]\n\nstep 2\twith täbs\n"


def test_a_file_can_be_named_instead(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text(f"token {token('npm')}\n")
    done = filtered(b"", str(tmp_path / "build.log"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"token [redacted:npm-token#1]\n", b"")
    absent = filtered(b"", str(tmp_path / "absent.log"))
    assert absent.returncode == 2 and b"absent.log cannot be read" in absent.stderr


def test_at_a_terminal_it_says_that_it_waits() -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"plain\n\x04")
    done = subprocess.run(COMMAND, check=False, stdin=theirs, capture_output=True, env=SILENT)
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, done.stdout) == (0, b"plain\n")
    assert b"until Ctrl-D; or name a file" in done.stderr


def test_values_of_named_variables_go_and_are_counted() -> None:
    done = filtered(b"plain giraffe\n", "--value-from-env", "PET", "--counts", PET="giraffe")
    assert done.stdout == b"plain [redacted:known-value#1]\n"
    assert done.stderr == b"redacted: 1 known-value\n"


def test_a_variable_that_is_not_there_stops_everything() -> None:
    done = filtered(b"plain giraffe\n", "--value-from-env", "PET")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"PET is not set" in done.stderr


def test_a_value_too_short_to_look_for_is_refused() -> None:
    with pytest.raises(UsageError, match="PET is shorter than 4 characters"):
        known_values(["PET"], {"PET": "cat"})


def test_values_too_long_to_look_for_are_refused() -> None:
    known_values(["KEY"], {"KEY": "k" * 20_000})
    with pytest.raises(UsageError, match="longer than 20000 characters"):
        known_values(["KEY", "PET"], {"KEY": "k" * 20_000, "PET": "giraffe"})


def test_bytes_that_are_no_text_do_not_stop_the_stream() -> None:
    assert filtered(b"a \xff b\nc").stdout.decode() == "a � b\nc\n"


def test_a_reader_that_has_seen_enough_is_no_accident() -> None:
    with subprocess.Popen(
        [*COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=SILENT
    ) as run:
        assert run.stdin and run.stdout and run.stderr
        run.stdin.write(b"first\n")
        run.stdin.flush()
        assert run.stdout.readline() == b"first\n"
        run.stdout.close()
        run.stdin.write(b"second\n")
        run.stdin.close()
        assert run.wait() == 141
        assert run.stderr.read() == b""


def test_nothing_is_written_from_the_line_on_that_cannot_be_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor()
    plain = redactor.plain

    def breaking(line: str) -> str:
        if "bad" in line:
            raise MemoryError
        return plain(line)

    monkeypatch.setattr(redactor, "plain", breaking)
    target = io.BytesIO()
    with pytest.raises(MemoryError):
        copy(io.BytesIO(b"good\nbad\nworse\n"), target, redactor)
    assert target.getvalue() == b"good\n"


def test_an_endless_line_is_cut() -> None:
    target = io.BytesIO()
    copy(io.BytesIO(b"word " * LINE_CAP), target, Redactor(line_cap=LINE_CAP))
    assert len(target.getvalue()) <= LINE_CAP + 1
    assert target.getvalue().endswith(b" [cut]\n")


def test_finding_nothing_is_said() -> None:
    assert summary({}) == "redacted: nothing"
