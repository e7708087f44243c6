"""The timeline of an incident: who suggested what, and what asking for it cost."""

from collections.abc import Mapping

import pytest
from rich.console import Console

from cli.incident_screen import timeline
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.testing.builders import NOON, an_incident


def shown(data: Mapping[str, object]) -> str:
    console = Console(width=400, no_color=True)
    with console.capture() as capture:
        console.print(timeline(an_incident(), [LedgerEntry("id", LedgerKind.SUGGESTED, NOON, data)]))
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
