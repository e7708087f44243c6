import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import typer
from botocore.exceptions import NoCredentialsError, NoRegionError
from rich.console import Console

from cli.demo_screen import closing_table, closing_words
from cli.errors import readable_errors
from local.errors import StepFailed
from local.result import Result
from local.scenario import load, names
from selfheal.domain.incident import IncidentKind
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.domain.run import PipelineKey, RunRef
from selfheal.testing.builders import NOON, an_incident
from tests.unit.cli.fakes import FakeSurroundings, run

INCIDENT = an_incident("shop:1")
PROD = "codedeploy:shop/prod"
RESULT_KEYS = [
    "name",
    "cause",
    "decision",
    "action",
    "outcome",
    "answer",
    "builds",
    "deployments",
    "seconds",
    "as_expected",
    "incident_id",
    "differences",
]


@pytest.fixture
def world() -> FakeSurroundings:
    return FakeSurroundings()


def with_incident(world: FakeSurroundings) -> None:
    world.stores.incidents.open(INCIDENT)
    entries: dict[LedgerKind, dict[str, object]] = {
        LedgerKind.OPENED: {"kind": "failed"},
        LedgerKind.DIAGNOSED: {
            "cause": "network",
            "source": "signature:x",
            "summary": "the [network] failed",
            "evidence": [{"line": 12, "text": "connection [bold]reset[/bold]"}],
        },
        LedgerKind.SUGGESTED: {"remedy": "retry_build", "origin": "catalogue", "explanation": "Again."},
        LedgerKind.DECIDED: {"verdict": "act", "remedy": "retry_build", "reason": "policy allows it"},
        LedgerKind.ACTION_STARTED: {"remedy": "retry_build", "new_run_id": "shop:2"},
        LedgerKind.OUTCOME: {"status": "healed", "reason": "shop:2 succeeded"},
        LedgerKind.NOTIFIED: {"subject": "codebuild:shop healed"},
    }
    for seconds, (kind, data) in enumerate(entries.items()):
        at = NOON + timedelta(seconds=seconds)
        world.stores.ledger.append(LedgerEntry(INCIDENT.id, kind, at, data))


def test_the_demo_as_json_prints_one_object_and_nothing_else(world: FakeSurroundings) -> None:
    done = run(world, "demo", "--json")
    document = json.loads(done.stdout)
    assert list(document) == ["scenarios"]
    assert [each["name"] for each in document["scenarios"]] == [n for n in names() if load(n).telling]
    assert all(list(each) == RESULT_KEYS for each in document["scenarios"])
    assert "sam build" in done.stderr
    assert done.exit_code == 0


def test_the_closing_table_cuts_no_word_at_80_columns() -> None:
    results = [
        Result(
            "genuine_regression",
            "",
            cause="test_failure",
            decision="act",
            action="notify",
            outcome="notified",
        ),
        Result(
            "error_spike",
            "",
            cause="deploy_failure",
            decision="act",
            action="roll_back_deployment",
            seconds=77.4,
        ),
    ]
    console = Console(width=80, record=True, file=StringIO())
    console.print(closing_table(results))
    shown = console.export_text()
    assert all(word in shown for word in ("left alone", "failure", "deployment", "notified", "seconds"))
    assert "…" not in shown


@pytest.mark.parametrize(
    ("called_as", "typed"),
    [(".venv/bin/selfheal", ".venv/bin/selfheal"), ("/opt/bin/selfheal", "selfheal")],
)
def test_the_demo_ends_with_a_command_that_can_be_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, called_as: str, typed: str
) -> None:
    """`make demo` has .venv/bin on its own PATH, whoever reads the screen may not."""
    found = tmp_path / "selfheal"
    found.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [called_as])
    assert f"Look closer: {typed} demo --keep" in closing_words([], still_up=False).plain


def test_every_scenario_is_played_on_request(world: FakeSurroundings) -> None:
    document = json.loads(run(world, "demo", "--all", "--json").stdout)
    assert [each["name"] for each in document["scenarios"]] == names()
    assert run(world, "demo", "--all", "flaky_test").exit_code == 2


def test_the_demo_asks_whoever_watches_and_gives_him_time(world: FakeSurroundings) -> None:
    document = json.loads(run(world, "demo", "--ask-me", "--json").stdout)
    assert [each["name"] for each in document["scenarios"]] == ["approved"]
    assert world.cloud.parameters == {"ApprovalTimeoutSeconds": "900"}
    run(world, "demo", "approved")
    assert world.cloud.parameters == {}
    for more in ("--all", "flaky_test"):
        assert run(world, "demo", "--ask-me", more).exit_code == 2


def test_the_demo_plays_only_what_is_named(world: FakeSurroundings) -> None:
    done = run(world, "demo", "--json", "slow_build", "flaky_test")
    played = [each["name"] for each in json.loads(done.stdout)["scenarios"]]
    assert played == ["slow_build", "flaky_test"]


def test_a_different_outcome_fails_the_demo_and_says_why(world: FakeSurroundings) -> None:
    world.differences = ["outcome is not_healed, expected healed"]
    done = run(world, "demo", "flaky_test")
    assert done.exit_code == 1
    assert "flaky_test: outcome is not_healed, expected healed" in done.stdout
    document = json.loads(run(world, "demo", "flaky_test", "--json").stdout)
    assert document["scenarios"][0]["as_expected"] is False


def test_the_demo_shows_its_table_what_is_simulated_and_where_to_look(world: FakeSurroundings) -> None:
    shown = run(world, "demo").stdout
    assert "flaky test" in shown
    assert "Simulated:" in shown
    assert "selfheal demo --keep" in shown, "the ids of a cloud that is gone help nobody"
    assert "selfheal incidents show 0123456789abcdef" in run(world, "demo", "--keep").stdout


def test_the_demo_stops_the_cloud_unless_it_is_to_be_kept(world: FakeSurroundings) -> None:
    run(world, "demo", "flaky_test")
    assert world.cloud.downs == 1
    run(world, "demo", "--keep", "flaky_test")
    assert world.cloud.downs == 1


@pytest.mark.parametrize(("problem", "code"), [(KeyboardInterrupt(), 130), (RuntimeError("bug"), 1)])
def test_a_demo_that_does_not_come_to_its_end_keeps_nothing(
    world: FakeSurroundings, problem: BaseException, code: int
) -> None:
    world.problem = problem
    assert run(world, "demo", "--keep", "flaky_test").exit_code == code
    assert world.cloud.downs == 1


def test_a_step_that_fails_is_one_readable_message(world: FakeSurroundings, tmp_path: Path) -> None:
    log = tmp_path / "sam-build.log"
    log.write_text("no such template\n")
    world.cloud.problem = StepFailed("sam-build", "failed with exit status 1", log)
    done = run(world, "demo", "--json")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "selfheal: sam-build: failed with exit status 1" in done.stderr
    assert "no such template" in done.stderr
    assert str(log) in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_scenario_is_wrong_usage_and_starts_nothing(world: FakeSurroundings) -> None:
    done = run(world, "demo", "nosuch")
    assert done.exit_code == 2
    assert "flaky_test" in done.stderr
    assert world.cloud.ups == 0


def test_local_up_status_and_down(world: FakeSurroundings) -> None:
    assert run(world, "local", "status").exit_code == 1
    assert "http://127.0.0.1:1" in run(world, "local", "up").stdout
    status = run(world, "local", "status", "--json")
    assert status.exit_code == 0
    assert json.loads(status.stdout)["running"] is True
    assert json.loads(run(world, "local", "down", "--json").stdout) == {"stopped": 2}


@pytest.mark.parametrize("arguments", [["incidents"], ["incidents", "list"]])
def test_incidents_are_listed_with_and_without_the_word(
    world: FakeSurroundings, arguments: list[str]
) -> None:
    assert "There are no incidents." in run(world, *arguments).stdout
    with_incident(world)
    table = run(world, *arguments).stdout
    assert all(word in table for word in (INCIDENT.id, "network", "retry_build", "healed"))
    (listed,) = json.loads(run(world, *arguments, "--json").stdout)["incidents"]
    assert listed == {
        "id": INCIDENT.id,
        "pipeline": "codebuild:shop",
        "run_id": "shop:1",
        "kind": "failed",
        "status": "opened",
        "opened_at": NOON.isoformat(),
        "cause": "network",
        "summary": "the [network] failed",
        "decision": "act",
        "action": "retry_build",
        "outcome": "healed",
        "seconds": None,
    }


@pytest.mark.parametrize("start", [16, 6])
def test_an_incident_is_shown_as_a_timeline_with_its_evidence_verbatim(
    world: FakeSurroundings, start: int
) -> None:
    with_incident(world)
    shown = run(world, "incidents", "show", INCIDENT.id[:start]).stdout
    assert "12 | connection [bold]reset[/bold]" in shown
    assert "the [network] failed" in shown
    positions = [shown.index(text) for text in ("+0.0 s", "act retry_build", "shop:2", "healed: shop:2")]
    assert positions == sorted(positions)


def test_an_incident_as_json_holds_the_whole_ledger(world: FakeSurroundings) -> None:
    with_incident(world)
    document = json.loads(run(world, "incidents", "show", INCIDENT.id, "--json").stdout)
    assert document["incident"]["id"] == INCIDENT.id
    assert document["ledger"][0]["kind"] == "opened"
    assert len(document["ledger"]) == len(world.stores.ledger.entries(INCIDENT.id))


def test_an_unknown_incident_is_a_readable_failure(world: FakeSurroundings) -> None:
    done = run(world, "incidents", "show", "ffff")
    assert done.exit_code == 2
    assert "selfheal: ID: there is no incident 'ffff'; `selfheal incidents` lists them" in done.stderr


def test_a_start_that_several_ids_share_lists_them(world: FakeSurroundings) -> None:
    for last in "ab":
        world.stores.incidents.open(replace(INCIDENT, id=f"5e1f00000000000{last}"))
    done = run(world, "incidents", "show", "5e1f")
    assert done.exit_code == 2
    assert "2 incidents start with '5e1f': " in done.stderr
    assert all(f"5e1f00000000000{last}" in done.stderr for last in "ab")


@pytest.mark.parametrize("error", [NoCredentialsError(), NoRegionError()])
def test_what_a_stack_on_aws_needs_is_said_when_it_is_not_there(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, readable_errors():
        raise error
    assert ended.value.exit_code == 1
    said = capsys.readouterr().err
    assert "AWS_PROFILE" in said and ".." not in said


def test_the_stack_is_chosen_on_either_level(world: FakeSurroundings) -> None:
    run(world, "incidents", "--stack-name", "prod")
    run(world, "incidents", "list", "--stack-name", "prod")
    run(world, "incidents", "list", "--local")
    assert world.asked == [("prod", False), ("prod", False), ("", True)]
    assert run(world, "incidents", "--local", "--stack-name", "prod").exit_code == 2


def test_the_command_starts_without_boto3_which_loads_slower_than_most_commands_run() -> None:
    code = "import sys, cli.main; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_incident_of_a_harmful_deployment_names_its_alarm(world: FakeSurroundings) -> None:
    harm = replace(an_incident("d-2", IncidentKind.HARMFUL), run=RunRef(PipelineKey.parse(PROD), "d-2"))
    world.stores.incidents.open(harm)
    opened = {"kind": "harmful", "alarm": "shop-5xx"}
    world.stores.ledger.append(LedgerEntry(harm.id, LedgerKind.OPENED, NOON, opened))
    said = {"cause": "deploy_failure", "source": "alarm", "summary": "shop-5xx went off"}
    world.stores.ledger.append(LedgerEntry(harm.id, LedgerKind.DIAGNOSED, NOON, said))
    assert "harmful: alarm shop-5xx went off" in run(world, "incidents", "show", harm.id).stdout
    assert "shop-5xx went off" in run(world, "incidents").stdout
