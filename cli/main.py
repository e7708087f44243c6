"""The `selfheal` command: its subcommands, put together."""

import os
from importlib.metadata import version
from typing import Annotated

import typer

from cli import (
    approvals,
    autonomy,
    backfill,
    demo,
    diagnose,
    flaky,
    incidents,
    ledger,
    local_cloud,
    models,
    pipelines,
    plot,
    policy,
    redact,
    report,
    score,
    switch,
)
from cli.surroundings import RealSurroundings
from local.state import past_proxies

app = typer.Typer(
    name="selfheal",
    help="Heals CI/CD runs on AWS: watches them, says why one failed, does the one safe thing policy allows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo", short_help="Break real builds on this machine and watch them heal.")(demo.demo)
app.command("backfill", short_help="Take in the runs of the past, so that day one has a baseline.")(
    backfill.backfill
)
app.command("diagnose", short_help="Say why a run failed, from its log alone, offline.")(diagnose.diagnose)
app.command("redact", short_help="Take the secrets out of a log, offline.")(redact.redact)
app.command("approve", short_help="Approve what Selfheal asks to do about an incident.")(approvals.approve)
app.command("reject", short_help="Reject what Selfheal asks to do about an incident.")(approvals.reject)
app.command("score", short_help="Say how odd the runs in a file are, offline.")(score.score)
app.command("pipelines", short_help="Say how every pipeline stands.")(pipelines.pipelines)
app.command("plot", short_help="Draw a pipeline's durations, what was usual, what was odd.")(plot.plot)
app.command("pause", short_help="Stop every action at once, until somebody resumes.")(switch.pause)
app.command("resume", short_help="Let policy decide again.")(switch.resume)
app.command("status", short_help="Say whether actions are paused, and who turned the switch.")(switch.status)
app.add_typer(policy.app, name="policy")
app.add_typer(local_cloud.app, name="local")
app.add_typer(incidents.app, name="incidents")
app.add_typer(autonomy.app, name="autonomy")
app.add_typer(flaky.app, name="flaky")
app.add_typer(ledger.app, name="ledger")
app.add_typer(models.app, name="model")
app.add_typer(report.app, name="report")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"selfheal {version('selfheal')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
]


@app.callback()
def surroundings(context: typer.Context, version: Version = False) -> None:
    """Heals CI/CD runs on AWS: watches them, says why one failed, does the one safe thing policy allows."""
    del version
    os.environ.update(past_proxies(os.environ))
    context.obj = context.obj or RealSurroundings()
