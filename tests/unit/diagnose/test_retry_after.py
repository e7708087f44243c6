"""How long a log says that one has to wait."""

import pytest

from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.retry_after import seconds_asked_for
from selfheal.domain.incident import IncidentKind
from selfheal.domain.score import Level, Score
from selfheal.ports import LogLine
from selfheal.testing.builders import a_run


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Retry-After: 120", 120),
        ("< retry-after: 30", 30),
        ('{"code": 429, "retry_after": 7}', 7),
        ("'Retry-After': '45'", 45),
        ("429 Too Many Requests, try again in 5 minutes", 300),
        ("Please wait for 30 seconds", 30),
        ("rate limit resets in 1 hour", 3600),
        ("Retrying in 2.5s", 2),
        ("retrying in 900ms", 1),
        ("Retry 3 of 5", 0),
        ("retry after the build", 0),
        ("wait for 3 containers", 0),
        ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", 0),
        ("", 0),
    ],
)
def test_a_wait_is_read_where_one_is_asked_for(text: str, seconds: int) -> None:
    assert seconds_asked_for([LogLine(1, text)]) == seconds


def test_the_longest_counts() -> None:
    lines = [LogLine(n, f"retrying in {n}s") for n in (1, 9, 4)]
    assert seconds_asked_for(lines) == 9


def asked(*log: str) -> int:
    lines = [LogLine(n, text) for n, text in enumerate(log, 1)]
    score = Score(0.0, ready=False, level=Level.NONE)
    return diagnose(a_run(), IncidentKind.FAILED, score, lines, [], Redactor(())).retry_after_seconds


def test_a_diagnosis_carries_what_was_asked_for_near_the_failure() -> None:
    refused = "toomanyrequests: 429 Too Many Requests; Retry-After: 90"
    assert asked("pulling", refused, "error: exit status 1") == 90
    assert asked(refused, *["compiling"] * 100, "error: exit status 1") == 0
