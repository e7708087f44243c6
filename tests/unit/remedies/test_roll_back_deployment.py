"""roll_back_deployment: what it goes back to, how, and what it leaves alone."""

from dataclasses import replace
from typing import Any

import pytest

from selfheal.domain.action import ActionStatus, Plan
from selfheal.domain.errors import ServiceUnavailable
from selfheal.domain.run import RunStatus
from selfheal.remedies import roll_back_deployment
from selfheal.remedy_ports import Case, GoodDeployment, Tools
from selfheal.testing.deployments import BAD, GOOD, FakeDeployments, a_deployment_run
from selfheal.testing.execution import World
from selfheal.testing.toolbox import fake_tools

CASE = Case("0123456789abcdef", "execute-action")
RUN = a_deployment_run()
REMEDY = "roll_back_deployment"


def deployments(**details: Any) -> FakeDeployments:
    fake = FakeDeployments()
    fake.bad = replace(fake.bad, **details)
    return fake


def tools(fake: FakeDeployments) -> Tools:
    return fake_tools(deployments=fake, case=CASE)


def plan(fake: FakeDeployments) -> Plan:
    return roll_back_deployment.plan(RUN, tools(fake))


def refusal(fake: FakeDeployments) -> str:
    return roll_back_deployment.preflight(RUN, tools(fake))


def test_a_failed_deployment_is_followed_by_one_of_the_last_good_revision() -> None:
    fake = deployments()
    order = plan(fake)
    assert (order.target, order.commit) == ("shop/prod", "9" * 40)
    assert order.parameters == {"from": BAD, "to": GOOD, "how": "deploy"}
    assert roll_back_deployment.start(order, RUN, tools(fake), "t") == "d-AGAIN-1"
    assert fake.changed == [("deploy", GOOD)]
    assert CASE.incident_id in fake.made[0][1]


def test_one_that_succeeded_and_does_harm_is_taken_back_in_the_same_way() -> None:
    fake = deployments(failed=False, rolls_back_itself=True)
    assert plan(fake).parameters["how"] == "deploy"


def harmful(fake: FakeDeployments, *bad: str) -> Tools:
    fake.good = [GoodDeployment(GOOD, "9" * 40), GoodDeployment("d-OLDER", "8" * 40)]
    return fake_tools(deployments=fake, case=replace(CASE, harmed=bad.__contains__))


def test_what_succeeded_and_did_harm_is_passed_over() -> None:
    order = roll_back_deployment.plan(RUN, harmful(deployments(), GOOD))
    assert (order.parameters["to"], order.commit) == ("d-OLDER", "8" * 40)
    said = roll_back_deployment.preflight(RUN, harmful(deployments(), GOOD, "d-OLDER"))
    assert said == "no earlier deployment of another revision succeeded in shop/prod and did no harm"


def test_one_that_codedeploy_would_take_back_to_harm_is_not_stopped() -> None:
    running = deployments(running=True, failed=False)
    assert f"back to {GOOD}, which did harm" in roll_back_deployment.preflight(RUN, harmful(running, GOOD))
    assert roll_back_deployment.preflight(RUN, harmful(running, "d-OLDER")) == ""


def test_one_that_still_runs_is_stopped_and_codedeploy_takes_it_back() -> None:
    fake = deployments(running=True, failed=False)
    order = plan(fake)
    assert order.parameters["how"] == "stop"
    assert roll_back_deployment.start(order, RUN, tools(fake), "t") == "d-ROLLBACK"
    assert fake.changed == [("stop", BAD)]


def test_a_rollback_that_takes_its_time_is_waited_for_and_not_made_twice() -> None:
    world = World(run=a_deployment_run(RunStatus.IN_PROGRESS))
    world.deployments.bad = replace(world.deployments.bad, running=True, failed=False)
    world.deployments.rollback_takes = 3  # one look after the call, two before another attempt
    world.decide(REMEDY)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable, match="has not begun yet"):
            world.execute(REMEDY)
    action = world.execute(REMEDY)
    assert (action.status, action.new_run_id) == (ActionStatus.STARTED, "d-ROLLBACK")
    assert world.deployments.changed == [("stop", BAD)]


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"tagged": False}, "deployment group shop/prod is not tagged selfheal=enabled"),
        ({"rolls_back_itself": True}, "CodeDeploy itself takes failed deployments of this group back"),
        ({"rolled_back_by": "d-X"}, "d-X has taken it back already"),
        ({"rolls_back": "d-X"}, "itself the rollback of d-X"),
        ({"stopped": True}, "somebody stopped this deployment"),
        ({"latest": "d-X"}, "superseded: d-X was deployed to shop/prod since"),
        ({"platform": "Lambda"}, "names the version it starts from"),
    ],
)
def test_what_must_not_be_rolled_back_is_refused(details: dict[str, Any], words: str) -> None:
    assert words in refusal(FakeDeployments(bad=replace(FakeDeployments().bad, **details), rollback_takes=9))


def test_a_first_deployment_has_nothing_to_go_back_to() -> None:
    fake = deployments()
    fake.good = []
    assert "no earlier deployment of another revision succeeded" in refusal(fake)
