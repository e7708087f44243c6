"""Every remedy of the catalogue can be asked about, approved, and is done then: none lacks a word or a plan."""

from dataclasses import replace
from datetime import timedelta

import pytest

from selfheal.domain.action import ActionStatus
from selfheal.domain.approval import ApprovalStatus
from selfheal.domain.choice import NOTIFY
from selfheal.domain.decision import Verdict
from selfheal.domain.remedy import Remedy
from selfheal.domain.run import Run, RunStatus, Service
from selfheal.remedies.registry import catalogue
from selfheal.testing.asking import AskingWorld
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.deployments import a_deployment_run
from selfheal.testing.execution import INCIDENT, World
from selfheal.testing.stages import a_stage_run

ASKED = [remedy for remedy in catalogue() if remedy.id != NOTIFY]


def run_for(remedy: Remedy) -> Run:
    if Service.CODEBUILD in remedy.services:
        return a_run(status=RunStatus.TIMED_OUT if remedy.id == "retry_build_longer" else RunStatus.FAILED)
    return a_stage_run() if Service.CODEPIPELINE in remedy.services else a_deployment_run()


@pytest.mark.parametrize("remedy", ASKED, ids=lambda remedy: remedy.id)
def test_what_people_approve_is_done(remedy: Remedy) -> None:
    world = World(run=run_for(remedy), runbook="Selfheal-clean-up")
    world.service.add(replace(a_run("shop:0", RunStatus.SUCCEEDED), started_at=NOON - timedelta(hours=1)))
    small = {"environment_type": "LINUX_CONTAINER", "compute_type": "BUILD_GENERAL1_SMALL"}
    world.service.build_details = replace(world.service.build_details, **small)  # type: ignore[arg-type]
    world.incident = replace(world.incident, id=INCIDENT.id)
    world.incidents.stored[INCIDENT.id] = world.incident
    world.decide(remedy.id, Verdict.ASK)
    asking = AskingWorld(world)
    approval = asking.ask(run_id=world.run.ref.run_id, remedy=remedy.id)
    assert (approval.status, approval.reason) == (ApprovalStatus.PENDING, "")
    asking.answer()
    done = world.execute(remedy.id)
    assert done.status is (ActionStatus.STARTED if remedy.awaits else ActionStatus.DONE), done.reason
