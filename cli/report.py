"""`selfheal report`: what would have been, had Selfheal been allowed to act."""

import json
from collections import Counter
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli.errors import readable_errors
from cli.incidents import Local, Stack
from cli.local_cloud import AsJson
from cli.surroundings import surroundings_of
from cli.terminal import make_console
from local.counting import counted
from selfheal.domain.shadow import Judgement, Shadow, ShadowReport
from selfheal.steps.report_shadow import ShadowReporter

app = typer.Typer(help="Reports over past incidents: shadow.", no_args_is_help=True, rich_markup_mode=None)

NOTHING_OBSERVED = (
    "In the last {days} days no incident was only observed. What was done where policy acts or asks, and what "
    "came of it: selfheal incidents, selfheal autonomy list"
)
Days = Annotated[int, typer.Option("--days", metavar="N", min=1, max=400, help="How many days back.")]


@app.callback()
def reports() -> None:
    """Reports over past incidents."""


@app.command(short_help="Say what would have been done while only watching.")
def shadow(
    context: typer.Context,
    days: Days = 30,
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Say what would have been done while only watching, and what really happened to the same commits."""
    with readable_errors():
        around = surroundings_of(context)
        stores = around.records(stack_name, local=local)
        reporter = ShadowReporter(stores.incidents, stores.ledger, stores.runs, stores.failures, around.clock)
        found = reporter.report(days)
        if as_json:
            typer.echo(json.dumps(_as_document(found)))
        else:
            make_console().print(_screen(found, days))


def headline(report: ShadowReport) -> str:
    """The report in a sentence."""
    right, wrong, unknown = (report.count(j) for j in (Judgement.RIGHT, Judgement.WRONG, Judgement.UNKNOWN))
    minutes = report.saved.total_seconds() / 60
    return (
        f"would have acted {counted(len(report.shadows), 'time')}: {right} right, {wrong} wrong, {unknown} unknown; "
        f"{minutes:,.0f} minutes saved"
    )


def _screen(report: ShadowReport, days: int) -> Group:
    if not report.incidents:
        return Group(Text(NOTHING_OBSERVED.format(days=days)))
    seen = counted(report.incidents, "incident was", "incidents were")
    lines = [Text(f"{seen} only observed in the last {days} days; {headline(report)}")]
    if report.rate.tries:
        told = (
            f"right {report.rate.share:.0%} of the times that can be judged, at least {report.rate.lower:.0%}"
        )
        lines.append(Text(f"{told} with 95 % confidence", "dim"))
    table = Table(box=None, pad_edge=False)
    for column in ("right", "wrong", "unknown", "minutes", "remedy, cause and pipeline"):
        table.add_column(column, no_wrap=column != "remedy, cause and pipeline")
    for name, shadows in _grouped(report).items():
        counts = Counter(shadow.judgement for shadow in shadows)
        cells = [str(counts[j]) for j in (Judgement.RIGHT, Judgement.WRONG, Judgement.UNKNOWN)]
        minutes = sum(shadow.seconds_saved for shadow in shadows) / 60
        table.add_row(*cells, f"{minutes:,.0f}", Text(name))
    return Group(*lines, Text(), table) if report.shadows else Group(*lines)


def _grouped(report: ShadowReport) -> dict[str, list[Shadow]]:
    groups: dict[str, list[Shadow]] = {}
    for shadow in report.shadows:
        groups.setdefault(f"{shadow.remedy} for {shadow.cause} in {shadow.pipeline}", []).append(shadow)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def _as_document(report: ShadowReport) -> dict[str, object]:
    return {
        "since": report.since.isoformat(),
        "observed": report.incidents,
        "would_have_acted": len(report.shadows),
        **{judgement.value: report.count(judgement) for judgement in Judgement},
        "minutes_saved": round(report.saved.total_seconds() / 60, 1),
        "right_share": round(report.rate.share, 4) if report.rate.tries else None,
        "right_lower_bound": round(report.rate.lower, 4) if report.rate.tries else None,
        "shadows": [
            {
                "incident_id": shadow.incident_id,
                "pipeline": str(shadow.pipeline),
                "cause": shadow.cause.value,
                "remedy": shadow.remedy,
                "would": shadow.would,
                "judgement": shadow.judgement.value,
                "why": shadow.why,
                "seconds_saved": round(shadow.seconds_saved, 1),
            }
            for shadow in report.shadows
        ],
    }
