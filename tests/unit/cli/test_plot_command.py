"""`selfheal plot`: a picture of a pipeline's durations, from a stack or from a file, the same bytes every time."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from selfheal.domain.run import RunStatus
from selfheal.domain.score import Blame, Level, Score
from selfheal.steps.standing import standing_of
from selfheal.testing.builders import NOON, a_measurement
from tests.unit.cli.fakes import FakeSurroundings, run

SLOW = Blame("duration", 240.0, 60.0, 4.0)


def scored(level: Level = Level.NONE, shift: bool = False) -> Score:
    return Score(0.7, True, level, (SLOW,), p_value=0.4, shift=shift)


Odd = Mapping[int, tuple[RunStatus, Score]]


def keep(world: FakeSurroundings, seconds: Sequence[float], odd: Odd = {}) -> None:  # noqa: B006 (read only)
    """Runs a minute apart; ``odd`` has what differs, by number."""
    for n, duration in enumerate(seconds):
        status, score = odd.get(n, (RunStatus.SUCCEEDED, scored()))
        moment = NOON + timedelta(minutes=n)
        world.stores.runs.save(
            a_measurement(f"shop:{n}", status, started_at=moment, duration_seconds=duration, phases={})
        )
        world.stores.runs.keep_score(f"shop:{n}", score)
    history = world.stores.runs.history(a_measurement().pipeline, NOON + timedelta(days=1), 256)
    world.stores.standings.keep(standing_of(history))


def lines(seconds: Sequence[float], pipeline: str = "shop") -> list[str]:
    return [
        json.dumps(
            {
                "pipeline": pipeline,
                "run_id": f"{pipeline}:{n}",
                "started_at": (NOON + timedelta(minutes=n)).isoformat(),
                "status": "SUCCEEDED",
                "duration_s": duration,
            }
        )
        for n, duration in enumerate(seconds)
    ]


def words(svg: Path) -> str:
    return " ".join(
        text for element in ElementTree.parse(svg).iter() if (text := (element.text or "").strip())
    )


@pytest.fixture
def world() -> FakeSurroundings:
    return FakeSurroundings()


def test_everything_that_is_in_the_runs_is_in_the_picture(world: FakeSurroundings, tmp_path: Path) -> None:
    out = tmp_path / "shop.svg"
    keep(
        world,
        [60.0 + n % 7 for n in range(40)],
        {
            11: (RunStatus.FAILED, scored()),
            13: (RunStatus.STOPPED, scored()),
            15: (RunStatus.SUCCEEDED, scored(Level.TELL)),
            17: (RunStatus.SUCCEEDED, scored(Level.HEAL)),
            19: (RunStatus.SUCCEEDED, scored(Level.TELL, shift=True)),
        },
    )
    done = run(world, "plot", "codebuild:shop", "--out", str(out))
    assert (done.exit_code, done.stdout) == (0, f"{out}: 40 runs of codebuild:shop\n")
    shown = words(out)
    for word in ("codebuild:shop 40 runs, 2026-01-15 to 2026-01-15", "duration (seconds)", "median", "passed",
                 "usual (median ± 2 spreads)", "failed", "stopped", "odd: tell", "odd: heal",
                 "new level noticed", "01-15", "12:00"):  # fmt: skip
        assert word in " ".join(shown.split())


def test_what_did_not_happen_is_not_in_the_legend(world: FakeSurroundings, tmp_path: Path) -> None:
    out = tmp_path / "shop.svg"
    keep(world, [60.0] * 4)
    run(world, "plot", "codebuild:shop", "--out", str(out))
    shown = words(out)
    assert "passed" in shown
    assert not any(word in shown for word in ("failed", "stopped", "odd", "level", "median", "usual"))


@pytest.mark.parametrize(("kind", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_the_same_runs_give_the_same_bytes(
    world: FakeSurroundings, tmp_path: Path, kind: str, magic: bytes
) -> None:
    keep(world, [60.0 + n % 7 for n in range(30)], {9: (RunStatus.SUCCEEDED, scored(Level.HEAL))})
    outs = [tmp_path / f"{name}.{kind}" for name in ("first", "second")]
    for out in outs:
        assert run(world, "plot", "codebuild:shop", "--out", str(out)).exit_code == 0
    first, second = (out.read_bytes() for out in outs)
    assert first.startswith(magic) and first == second


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [([0.0] * 9, "seconds"), ([90.0] * 9, "seconds"), ([600.0] * 9, "minutes"), ([9000.0] * 9, "hours"),
     ([60.0] * 20 + [0.0, 36_000.0], "seconds")],
)  # fmt: skip
def test_durations_are_drawn_in_the_unit_that_people_would_say(
    world: FakeSurroundings, tmp_path: Path, seconds: list[float], unit: str
) -> None:
    out = tmp_path / "shop.svg"
    keep(world, seconds)
    assert run(world, "plot", "codebuild:shop", "--out", str(out)).exit_code == 0
    assert f"duration ({unit})" in words(out)


def test_a_file_of_runs_is_drawn_offline_with_the_alarms_of_today(
    world: FakeSurroundings, tmp_path: Path
) -> None:
    runs, out = tmp_path / "runs.jsonl", tmp_path / "shop.svg"
    durations = [100.0 + n % 9 for n in range(40)]
    durations[35] = 900.0
    shop = lines(durations)
    mixed = [*lines([5.0], "other"), shop[1], "", shop[0], "{", *shop[1:]]
    runs.write_text("\n".join(mixed))
    done = run(world, "plot", "shop", "--runs", str(runs), "--out", str(out))
    assert (done.exit_code, world.asked) == (0, [])
    assert "40 runs of shop" in done.stdout
    assert "1 line was left out; the first: line 5" in done.stderr
    assert "odd: heal" in words(out)


def test_the_last_runs_are_drawn_as_if_all_were(world: FakeSurroundings, tmp_path: Path) -> None:
    out = tmp_path / "shop.svg"
    keep(world, [60.0 + n % 7 for n in range(40)])
    assert "10 runs" in run(world, "plot", "codebuild:shop", "--last", "10", "--out", str(out)).stdout
    assert "median" in words(out), "the runs before them are known all the same"


@pytest.mark.parametrize("wanted", ["codebuild:shopp", "shop", "codebuild:"])
def test_an_unknown_pipeline_is_answered_with_those_that_are_known(
    world: FakeSurroundings, tmp_path: Path, wanted: str
) -> None:
    keep(world, [60.0] * 3)
    done = run(world, "plot", wanted, "--out", str(tmp_path / "x.png"))
    assert done.exit_code == 2
    assert f"no runs of '{wanted}' here; there are codebuild:shop" in done.stderr.replace("\n", " ")


def test_an_unknown_pipeline_of_a_file_is_answered_with_the_likeliest_first(
    world: FakeSurroundings, tmp_path: Path
) -> None:
    runs = tmp_path / "runs.jsonl"
    runs.write_text("\n".join(line for name in ("a", "shop", *"bcdefghijkl") for line in lines([1.0], name)))
    error = run(world, "plot", "shpo", "--runs", str(runs), "--out", str(tmp_path / "x.png")).stderr
    assert "there are shop, " in error and " and 3 more" in error
    runs.write_text("")
    error = run(world, "plot", "shop", "--runs", str(runs), "--out", str(tmp_path / "x.png")).stderr
    assert "there are none yet" in error


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--out", "x.pdf"], "must end in .png or .svg"),
        (["--out", "/nowhere/x.png"], "/nowhere/x.png cannot be written: No such file"),
        (["--out", "x.png", "--min-seconds", "3"], "--min-seconds goes with --runs"),
        (["--out", "x.png", "--runs", "x", "--local"], "leave out --stack-name and --local"),
        (["--out", "x.png", "--runs", "/nowhere/x.jsonl"], "/nowhere/x.jsonl cannot be read"),
    ],
)
def test_wrong_usage_says_what_to_write_instead(
    world: FakeSurroundings, arguments: list[str], named: str
) -> None:
    keep(world, [60.0] * 3)
    done = run(world, "plot", "codebuild:shop", *arguments)
    assert done.exit_code == 2 and named in done.stderr


def test_the_command_line_starts_without_the_drawing_library() -> None:
    check = "import sys, cli.main; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_name_is_drawn_letter_by_letter(world: FakeSurroundings, tmp_path: Path) -> None:
    name, file, out = "shop $\\frac$ _x_", tmp_path / "runs.jsonl", tmp_path / "a.svg"
    file.write_text("\n".join(lines([60.0] * 9, name)))
    result = run(world, "plot", name, "--runs", str(file), "--out", str(out))
    assert result.exit_code == 0 and name in words(out)


def test_a_superseded_run_has_not_passed(world: FakeSurroundings, tmp_path: Path) -> None:
    out = tmp_path / "shop.svg"
    keep(world, [60.0] * 3, dict.fromkeys(range(3), (RunStatus.SUPERSEDED, scored())))
    run(world, "plot", "codebuild:shop", "--out", str(out))
    assert "stopped" in words(out) and "passed" not in words(out)
