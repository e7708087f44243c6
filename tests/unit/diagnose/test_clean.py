"""Cleaning of log text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.diagnose.clean import clean, without_prefix

INVISIBLE = "\u200b\u200d\u2060\ufeff\u202e\u2066\u00ad\U000e0041\ufe0f\ue000\x07\x00"


def test_terminal_colours_and_links_are_gone() -> None:
    assert clean("\x1b[31;1merror\x1b[0m: \x1b]8;;http://x.example\x07link\x1b]8;;\x07") == "error: link"


def test_an_overwritten_line_shows_what_stays_on_screen() -> None:
    assert clean("10%\r50%\r100% done\r\nnext") == "100% done\nnext"


def test_invisible_characters_are_gone() -> None:
    assert clean(f"pass{INVISIBLE}word") == "password"


def test_look_alikes_are_folded() -> None:
    assert clean("\uff45\uff52ror \u2460") == "error 1"


def test_tabs_and_ordinary_letters_stay() -> None:
    assert clean("\tnaïve — ✖ 日本") == "\tnaïve — ✖ 日本"


@given(st.text())
def test_cleaning_keeps_lines_and_settles(text: str) -> None:
    once = clean(text)
    assert once.count("\n") == text.count("\n")
    assert clean(once) == once
    assert not any(
        unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs") for char in once if char not in "\n\t"
    )


def test_prefixes_of_ci_systems_are_left_out() -> None:
    lines = [
        "[Container] 2026/01/15 12:00:01.123456 Running command make",
        "2026-01-15T12:00:01.1234567Z Running command make",
        "[12:00:01] Running command make",
        "#8 1.097 Running command make",
    ]
    assert {without_prefix(line) for line in lines} == {"Running command make"}


@pytest.mark.parametrize(
    "prefix",
    [
        "app-1  | ",
        "shop_db_1      | ",
        "2026-01-15T12:00:01.123456Z 01O ",
        "2026-01-15T12:00:01.123456Z 00E+",
        "2026-01-15T12:00:01.123000+00:00 0f8b3c1e-6d5a-4c2b-9e7f-1a2b3c4d5e6f [Container] 2026/01/15 12:00:01.1 ",
        "unit (3.12)\tRun make\t2026-01-15T12:00:01.1234567Z ",
        "web:test: ",
        "@demo/web:build: ",
        "@demo/web: ",
        "packages/web test: ",
        "#12 3.141 app-1  | ",
        "[pod/till-7d9c6b5f4-x2x9k/unit] ",
    ],
)
def test_the_name_of_whose_output_a_line_is_is_left_out(prefix: str) -> None:
    assert without_prefix(f"{prefix}--- FAIL: TestTotal (0.02s)") == "--- FAIL: TestTotal (0.02s)"
    assert without_prefix(f"{prefix}    indented") == "    indented"


def test_a_stamp_ends_with_one_space_or_jenkins_two() -> None:
    assert without_prefix("12:00:08 one") == without_prefix("12:00:08  one") == "one"
    assert without_prefix("12:00:08     four more") == "    four more"


@pytest.mark.parametrize(
    "line",
    [
        "12 tests failed in 3.4 s",
        "error: nothing to build",
        "src/app.py:14: error: no",
        "  14 | return total",
        "order-1   | PASS |",
        "cart.ts   |   80 |   75 |",
        "[ERROR] no",
        "[35] SSL connect error",
        "go test: no",
        "error during build: no",
        "javac:test failed",
    ],
)
def test_a_line_without_prefix_stays(line: str) -> None:
    assert without_prefix(line) == line
