"""run_runbook: what the policy names is started with what the service says, and nothing else."""

from dataclasses import replace

import pytest

from selfheal.domain.action import ActionStatus
from selfheal.domain.choice import applicable
from selfheal.domain.decision import Verdict, chosen, decide
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.errors import ActionRefused, InvalidPolicy
from selfheal.domain.incident import IncidentKind
from selfheal.domain.permission import Circumstances
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import Service
from selfheal.remedies import run_runbook
from selfheal.remedies.registry import catalogue
from selfheal.remedy_ports import StageAttempt
from selfheal.testing.asking import AskingWorld
from selfheal.testing.builders import COMMIT, NOON, SHOP, a_run
from selfheal.testing.execution import World
from selfheal.testing.stages import FAILED
from selfheal.testing.toolbox import fake_tools

REMEDIES = frozenset(remedy.id for remedy in catalogue())
DISK = Diagnosis(Cause.DISK_FULL, False, 0.9, "signature:x", "f", "the disk is full")


def policy(remedies: str, runbook: str = "", mode: str = "act") -> Policy:
    named = f'runbook = "{runbook}"\n' if runbook else ""
    return parse_policy(
        f'[[rule]]\npipelines = ["*"]\ncauses = ["*"]\nremedies = [{remedies}]\nmode = "{mode}"\n{named}',
        REMEDIES,
    )


def remedy_under(rules: Policy, suggested: str = "") -> str:
    return chosen(SHOP, IncidentKind.FAILED, DISK, suggested, catalogue(), rules).id


def test_the_document_that_the_rule_names_is_decided_on() -> None:
    rules = policy('"run_runbook"', "Selfheal-clean-up")
    remedy = chosen(SHOP, IncidentKind.FAILED, DISK, "", catalogue(), rules)
    decision = decide(
        pipeline=str(SHOP), diagnosis=DISK, remedy=remedy, policy=rules, now=Circumstances(NOON, Mode.ACT)
    )
    assert (decision.remedy, decision.runbook) == ("run_runbook", "Selfheal-clean-up")


@pytest.mark.parametrize(
    ("remedies", "runbook", "mode"), [('"*"', "", "act"), ('"*"', "Selfheal-clean-up", "observe")]
)
def test_where_no_rule_names_one_there_is_no_such_choice(remedies: str, runbook: str, mode: str) -> None:
    rules = policy(remedies, runbook, mode)
    assert remedy_under(rules) == "retry_build_bigger"
    assert remedy_under(rules, suggested="run_runbook") == "retry_build_bigger"
    assert "run_runbook" not in [remedy.id for remedy in applicable(DISK, catalogue())]


def test_what_is_less_risky_goes_before_it() -> None:
    rules = policy('"*"', "Selfheal-clean-up")
    assert remedy_under(rules) == "retry_build_bigger"


@pytest.mark.parametrize("service", list(Service))
def test_it_fits_runs_of_every_service(service: Service) -> None:
    named = [r.id for r in applicable(DISK, catalogue(), service, named={"run_runbook"})]
    assert named[-2:] == ["run_runbook", "notify"]


@pytest.mark.parametrize(
    ("remedies", "runbook", "words"),
    [
        ('"run_runbook"', "", "rule 1.runbook: name the automation document"),
        ('"retry_build"', "Selfheal-x", "remedies does not name run_runbook"),
        ('"run_runbook"', "arn:aws:ssm:::document/x", "must be the name of an automation document"),
        ('"run_runbook"', "ab", "must be the name of an automation document"),
    ],
)
def test_a_rule_names_the_remedy_and_the_document_or_neither(remedies: str, runbook: str, words: str) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        policy(remedies, runbook)


def test_it_is_given_the_names_of_the_incident_and_its_run() -> None:
    world = World(runbook="Selfheal-clean-up")
    world.decide("run_runbook")
    action = world.execute("run_runbook")
    assert (action.status, action.new_run_id) == (ActionStatus.DONE, "automation-1")
    parameters = {
        "Incident": world.incident.id,
        "Pipeline": str(SHOP),
        "Run": "shop:1",
        "Commit": COMMIT,
        "Cause": "flaky_test",
    }
    assert world.runbooks.started == [("Selfheal-clean-up", parameters)]


def test_a_commit_that_is_not_known_is_left_out() -> None:
    world = World(run=a_run(source_version=""), runbook="Selfheal-clean-up")
    world.decide("run_runbook")
    world.execute("run_runbook")
    assert "Commit" not in world.runbooks.started[0][1]


def test_without_a_document_nothing_is_started() -> None:
    assert run_runbook.preflight(a_run(), fake_tools()) == "no policy rule names a runbook"
    with pytest.raises(ActionRefused):
        run_runbook.plan(a_run(), fake_tools())


def of_a_stage(rules: str = "") -> World:
    """A build that the stage Deploy of the pipeline shop ran."""
    policy = replace(parse_policy(rules, REMEDIES), version="v1")
    world = World(run=a_run(initiator="codepipeline/shop"), policy=policy, runbook="Selfheal-clean-up")
    world.stages.builds = {"shop:1": StageAttempt("shop", "Deploy", FAILED, 1)}
    return world


def test_for_a_build_of_a_protected_stage_people_are_asked_as_for_the_stage() -> None:
    world = of_a_stage('protected = ["codepipeline:shop/Deploy"]')
    world.decide("run_runbook", Verdict.ASK)
    assert AskingWorld(world).ask(remedy="run_runbook").protected


def test_in_a_frozen_stage_it_is_not_started_whatever_was_decided() -> None:
    always = 'time_zone = "UTC"\nfrom = "2000-01-01 00:00"\nto = "2100-01-01 00:00"'
    world = of_a_stage(f'[[freeze]]\npipelines = ["codepipeline:shop/*"]\n{always}')
    world.decide("run_runbook")
    assert "freeze" in world.execute("run_runbook").reason
    assert world.runbooks.started == []


def test_for_a_build_whose_stage_is_not_told_it_is_not_started() -> None:
    world = of_a_stage()
    world.stages.builds = {}
    world.decide("run_runbook")
    assert "not to be found any more" in world.execute("run_runbook").reason
    assert world.runbooks.started == []


def test_a_pipeline_that_is_gone_or_elsewhere_protects_nothing_here() -> None:
    world = of_a_stage('protected = ["codepipeline:shop/Deploy"]')
    world.stages.pipeline = ""
    world.decide("run_runbook")
    assert world.execute("run_runbook").status is ActionStatus.DONE
