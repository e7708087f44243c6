"""Whether a deployment is known to have harmed users, and that a rollback asks for it."""

from dataclasses import replace

import pytest

from selfheal.domain.decision import Verdict
from selfheal.domain.incident import IncidentKind, harm_incident_id
from selfheal.domain.ledger import LedgerEntry, LedgerKind
from selfheal.remedy_ports import GoodDeployment
from selfheal.steps.past_harm import harmed
from selfheal.testing.asking import AskingWorld
from selfheal.testing.builders import NOON, an_incident
from selfheal.testing.deployments import BAD, GOOD, a_deployment_run
from selfheal.testing.execution import INCIDENT, World


def harming(run_id: str) -> World:
    world = World(run=a_deployment_run())
    world.deployments.good.append(GoodDeployment("d-OLDER", "8" * 40))
    incident = replace(an_incident(), id=harm_incident_id(run_id), kind=IncidentKind.HARMFUL)
    world.incidents.open(incident)
    return world


@pytest.mark.parametrize(("said", "known"), [([], True), (["confirmed"], True), (["dismissed"], False)])
def test_harm_is_known_unless_a_person_dismissed_it(said: list[str], known: bool) -> None:
    world = harming(GOOD)
    for kind in said:
        entry = LedgerEntry(harm_incident_id(GOOD), LedgerKind(kind), NOON, {"by": "ann"})
        world.ledger.append(entry)
    assert harmed(GOOD, world.incidents, world.ledger) is known
    assert not harmed("d-OLDER", world.incidents, world.ledger)


def test_a_rollback_does_not_go_back_to_known_harm() -> None:
    world = harming(GOOD)
    world.decide("roll_back_deployment")
    world.execute("roll_back_deployment")
    assert world.deployments.changed == [("deploy", "d-OLDER")]


def test_people_are_asked_about_the_same_target() -> None:
    executing = harming(GOOD)
    executing.incident = replace(executing.incident, id=INCIDENT.id)
    executing.incidents.open(executing.incident)
    executing.decide("roll_back_deployment", Verdict.ASK)
    approval = AskingWorld(executing).ask(run_id=BAD, remedy="roll_back_deployment")
    assert approval.plan.parameters["to"] == "d-OLDER"
