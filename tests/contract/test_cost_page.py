"""docs/cost.md shows the prices that suggestions are charged with, and the month that the script computes."""

import re

from selfheal.suggest.prices import price_table
from tests.bench.bench_cost import PRICES, rows
from tests.contract.transformed import ROOT, source

PAGE = (ROOT / "docs" / "cost.md").read_text()


def test_the_page_shows_the_price_table() -> None:
    rows = re.findall(
        r"^\| `([a-z0-9.-]+)`[^|]*\| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE
    )
    shown = [(name, *map(float, prices)) for name, *prices in rows]
    assert shown == [(name, a.input, a.output, b.input, b.output) for name, a, b in price_table().models]
    assert f"as of {price_table().as_of.isoformat()}" in PAGE


def test_the_page_names_the_budgets_as_they_are_deployed() -> None:
    for parameter in ("ModelTokensPerIncident", "ModelTokensPerDay"):
        assert f"`{parameter}` ({source()['Parameters'][parameter]['Default']:,})" in PAGE


def test_the_page_shows_what_the_script_computes() -> None:
    shown = PAGE.partition("## A month, with either backend")[2].partition("# What the language model")[0]
    assert [line for line in shown.splitlines() if line.startswith("|")] == list(rows())
    assert f"as of {PRICES['as_of'].isoformat()}" in shown
