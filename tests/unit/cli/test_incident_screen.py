"""The timeline of an incident: who suggested what, and what asking for it cost."""

from collections.abc import Mapping

import pytest
from rich.console import Console

from cli.incident_screen import timeline
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.testing.builders import NOON, an_incident


def shown(data: Mapping[str, object], kind: LedgerKind = LedgerKind.SUGGESTED, width: int = 400) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        console.print(timeline(an_incident(), [LedgerEntry("id", kind, NOON, data)]))
    return capture.get()


def suggestion(**changes: object) -> dict[str, object]:
    return {"remedy": "notify", "origin": "a-model", "explanation": "Broken.", **changes}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (suggestion(), "notify (by a-model): Broken."),
        (
            suggestion(input_tokens=1400, output_tokens=90, cost_usd=0.000185),
            "notify (by a-model, 1,490 tokens, $0.00018): Broken.",
        ),
        (
            suggestion(input_tokens=1400, output_tokens=90, cost_usd=None),
            "notify (by a-model, 1,490 tokens, price unknown): Broken.",
        ),
        (suggestion(reason="the answer was cut off"), "no model: the answer was cut off"),
    ],
)
def test_a_suggestion_tells_who_makes_it_what_it_cost_and_why_no_model_did(
    data: dict[str, object], line: str
) -> None:
    assert line in shown(data)


def test_evidence_has_the_number_of_its_line_where_it_has_one() -> None:
    lines = [{"line": 12, "text": "connection reset"}, {"line": 0, "text": "tests.test_tax: 1080 == 1188"}]
    told = shown({"cause": "network", "source": "x", "summary": "s", "evidence": lines}, LedgerKind.DIAGNOSED)
    assert "12 | connection reset" in told
    assert "tests.test_tax: 1080 == 1188" in told and "- |" not in told


def test_what_is_there_to_be_typed_is_whole_at_80_columns() -> None:
    digest = "21eef6b9d35e09dc5b34416eb077eb9fcc52cc7aafe5dcae1bd560239242e980"
    asked = {"remedy": "retry_build", "digest": digest, "expires_at": "2026-01-15T12:15:00.5+00:00"}
    told = shown(asked, LedgerKind.APPROVAL_REQUESTED, width=80)
    assert "until 2026-01-15 12:15:00 UTC" in " ".join(told.split())
    assert digest in "".join(told.split()) and "…" not in told
