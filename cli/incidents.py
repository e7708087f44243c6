"""`selfheal incidents`: what was found, and the whole record of one incident."""

import json
from typing import Annotated

import typer

from cli.errors import NotDone, UsageError, readable_errors
from cli.incident_screen import incident_table, timeline
from cli.local_cloud import AsJson
from cli.surroundings import surroundings_of
from cli.terminal import make_console
from local.records import Records
from local.story import Story
from selfheal.domain.errors import IncidentNotFound
from selfheal.domain.incident import Incident
from selfheal.steps.review_incident import Verdict, review_incident
from selfheal.wire import encode

FULL_ID = 16
SEARCHED = 500
SHOWN = 5

app = typer.Typer(
    help="What was found and what was real: list, show, confirm, dismiss.",
    rich_markup_mode=None,
)


def _unless_local(context: typer.Context, parameter: typer.CallbackParam, name: str) -> str:
    """What was typed goes before the environment: --local is no contradiction to its stack."""
    source = context.get_parameter_source(parameter.name or "")
    typed = source is not None and source.name == "COMMANDLINE"
    return "" if context.params.get("local") and not typed else name


Stack = Annotated[
    str,
    typer.Option(
        "--stack-name",
        metavar="NAME",
        envvar="SELFHEAL_STACK",
        callback=_unless_local,
        help="A stack on AWS, by the usual credentials.",
    ),
]
# Eager, so that the stack's callback knows it whatever the order.
Local = Annotated[
    bool,
    typer.Option("--local", is_eager=True, help="The local cloud (the default while it is running)."),
]
Id = Annotated[str, typer.Argument(metavar="ID", help="An incident's id, or the start of it.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="How many at most.")]


@app.callback(invoke_without_command=True)
@app.command("list")
def newest(
    context: typer.Context,
    stack_name: Stack = "",
    local: Local = False,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest incidents; `selfheal incidents` does so too."""
    if context.invoked_subcommand:
        _require_no_options(context)
        return
    with readable_errors():
        stores = surroundings_of(context).records(stack_name, local=local)
        found = [(i, Story(stores.ledger.entries(i.id))) for i in stores.incidents.recent(limit)]
        if as_json:
            typer.echo(json.dumps({"incidents": [as_document(*each) for each in found]}))
        elif found:
            make_console().print(incident_table(found))
        else:
            typer.echo("There are no incidents.")


@app.command()
def show(
    context: typer.Context,
    incident_id: Id,
    stack_name: Stack = "",
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Show the record of one incident as a timeline, with the evidence."""
    with readable_errors():
        stores = surroundings_of(context).records(stack_name, local=local)
        incident = find_incident(stores, incident_id)
        entries = stores.ledger.entries(incident.id)
        if as_json:
            about = as_document(incident, Story(entries))
            document = {"incident": about, "ledger": [encode(entry) for entry in entries]}
            typer.echo(json.dumps(document))
        else:
            make_console().print(timeline(incident, entries))


@app.command(short_help="Say that it was real: its run does not become normal.")
def confirm(context: typer.Context, incident_id: Id, stack_name: Stack = "", local: Local = False) -> None:
    """Say that an incident was a real one: its run does not become part of what is normal."""
    _review(context, incident_id, Verdict.CONFIRM, stack_name, local)


@app.command(short_help="Say that it was a false alarm: its run is normal.")
def dismiss(context: typer.Context, incident_id: Id, stack_name: Stack = "", local: Local = False) -> None:
    """Say that an incident was a false alarm: its run is as normal as any."""
    _review(context, incident_id, Verdict.DISMISS, stack_name, local)


def _review(context: typer.Context, start: str, verdict: Verdict, stack_name: str, local: bool) -> None:
    with readable_errors():
        around = surroundings_of(context)
        stores = around.records(stack_name, local=local)
        incident = find_incident(stores, start)
        by = around.caller(stack_name, local=local)
        holds = review_incident(
            incident.id,
            verdict,
            by=by,
            incidents=stores.incidents,
            ledger=stores.ledger,
            runs=stores.runs,
            clock=around.clock,
        )
        if holds is not verdict:
            raise NotDone(f"incident {incident.id} was {verdict} and then {holds}: the later one holds")
        typer.echo(f"incident {incident.id} is {holds}, says {by}")


def _require_no_options(context: typer.Context) -> None:
    """Options before a subcommand would be for the list and so come to nothing."""
    sources = [context.get_parameter_source(name) for name in context.params]
    if any(source is not None and source.name == "COMMANDLINE" for source in sources):
        command = context.invoked_subcommand
        with readable_errors():
            raise UsageError(f"options belong behind the subcommand: selfheal incidents {command} ...")


def as_document(incident: Incident, story: Story) -> dict[str, object]:
    """An incident as the JSON output shows it; null for what is not known (yet)."""
    return {
        "id": incident.id,
        "pipeline": str(incident.run.key),
        "run_id": incident.run.run_id,
        "kind": incident.kind.value,
        "status": incident.status,
        "opened_at": incident.opened_at.isoformat(),
        "cause": story.cause or None,
        "summary": story.summary or None,
        "decision": story.decision or None,
        "action": story.action or None,
        "outcome": story.outcome or None,
        "seconds": story.seconds,
    }


def find_incident(stores: Records, start: str) -> Incident:
    """The incident with this id, or the only recent one whose id starts so. Raises UsageError, IncidentNotFound."""
    if len(start) < FULL_ID:
        found = [i for i in stores.incidents.recent(SEARCHED) if i.id.startswith(start)]
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(incident.id for incident in found[:SHOWN])
            raise UsageError(f"ID: {len(found)} incidents start with {start!r}: {some}; give more of the id")
    try:
        return stores.incidents.get(start)
    except IncidentNotFound as error:
        problem = str(error).removeprefix("incident_id: ")
        raise IncidentNotFound(f"ID: {problem}; `selfheal incidents` lists them") from error
