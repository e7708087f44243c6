"""Reduction of a log to the lines that matter."""

from selfheal.diagnose.excerpt import excerpt
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.reduce import failure_index
from selfheal.ports import LogLine

FAILED = "[Container] 2026/01/15 12:00:01.1 Command did not exit successfully make exit status 2"


def log(*texts: str) -> list[LogLine]:
    return [LogLine(number, text) for number, text in enumerate(texts, 1)]


def noise(count: int, word: str = "noise") -> list[str]:
    return [f"{word} {'abcdefghij'[n % 10]} {chr(97 + n // 10 % 26)}" for n in range(count)]


def test_a_small_log_stays_as_it_is() -> None:
    lines = log("one", "two", "", "three")
    assert excerpt(lines, Redactor(), max_bytes=1000) == lines


def test_an_empty_log_stays_empty() -> None:
    assert excerpt([], Redactor(), max_bytes=1000) == []


def test_the_budget_holds() -> None:
    kept = excerpt(log(*noise(5000)), Redactor(), max_bytes=2000)
    assert 1000 < sum(len(line.text) + 1 for line in kept) <= 2000


def test_what_matters_survives_in_order_with_its_numbers() -> None:
    texts = [*noise(2000), "error: first of all", *noise(2000), "the compiler gave up", FAILED, *noise(500)]
    kept = excerpt(log(*texts), Redactor(), max_bytes=4000)
    numbers = [line.number for line in kept]
    assert numbers == sorted(numbers)
    assert {2001, 4002, 4003, len(texts)} <= set(numbers)
    assert all(texts[line.number - 1] == line.text for line in kept)


def test_repeats_are_folded_and_counted_and_the_last_of_them_is_shown() -> None:
    kept = excerpt(
        log("start", *(f"layer 12ab: waiting {n}" for n in range(30)), "end"), Redactor(), max_bytes=1000
    )
    assert [line.text for line in kept] == [
        "start",
        "layer 12ab: waiting 0",
        "(like the line above, 28 times more)",
        "layer 12ab: waiting 29",
        "end",
    ]
    assert [line.number for line in kept] == [1, 2, 30, 31, 32]


def test_the_failure_is_the_first_failed_command() -> None:
    assert failure_index(log("a", FAILED, "b", FAILED)) == 1
    assert failure_index(log("a", "b", "c")) == 2
