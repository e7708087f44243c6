"""The `selfheal` command: its subcommands, put together."""

import os

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
)
app.command("demo")(demo.demo)
app.command("backfill")(backfill.backfill)
app.command("diagnose")(diagnose.diagnose)
app.command("redact")(redact.redact)
app.command("approve")(approvals.approve)
app.command("reject")(approvals.reject)
app.command("score")(score.score)
app.command("pipelines")(pipelines.pipelines)
app.command("plot")(plot.plot)
app.command("pause")(switch.pause)
app.command("resume")(switch.resume)
app.command("status")(switch.status)
app.add_typer(policy.app, name="policy")
app.add_typer(local_cloud.app, name="local")
app.add_typer(incidents.app, name="incidents")
app.add_typer(autonomy.app, name="autonomy")
app.add_typer(flaky.app, name="flaky")
app.add_typer(ledger.app, name="ledger")
app.add_typer(models.app, name="model")
app.add_typer(report.app, name="report")


@app.callback()
def surroundings(context: typer.Context) -> None:
    """Heals CI/CD runs on AWS: watches them, says why one failed, does the one safe thing policy allows."""
    os.environ.update(past_proxies(os.environ))
    context.obj = context.obj or RealSurroundings()
