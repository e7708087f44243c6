"""Events of builds on MiniStack's default bus, delivered, lost and doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

Json = dict[str, Any]
BUILDSPEC = {"buildspec.yml": "version: 0.2\nphases: {build: {commands: ['exit 2']}}\n"}


@pytest.fixture
def switch(cloud: Any) -> Iterator[Callable[[Any, str], None]]:
    """Sets what becomes of a project's events, until the test's end."""
    yield lambda drop, subject: cloud.control({"drop": drop, "subject": subject})
    cloud.control({"drop": False})


def settled(cloud: Any, wait_for: Any) -> None:
    wait_for(lambda: cloud.control()["pending"] == 0)


def ended(events: list[Json], project: str) -> list[Json]:
    return [
        event
        for event in events
        if event["detail"]["project-name"] == project and event["detail"]["build-status"] != "IN_PROGRESS"
    ]


def test_a_build_tells_of_its_start_and_end(
    cloud: Any, make_repository: Any, project: Any, build: Any, receive: Any, wait_for: Any
) -> None:
    read = receive("CodeBuild Build State Change", "sim.codebuild")
    name = project(make_repository(BUILDSPEC))
    done = build(name)
    settled(cloud, wait_for)
    events = [event for event in read() if event["detail"]["project-name"] == name]
    assert [event["detail"]["build-status"] for event in events] == ["IN_PROGRESS", "FAILED"]
    last = events[-1]
    assert last["resources"] == [done["arn"]]
    assert last["account"] == "000000000000"
    detail = last["detail"]
    assert detail["build-id"] == done["arn"]
    assert detail["current-phase"] == "COMPLETED"
    assert detail["version"] == "1"
    information = detail["additional-information"]
    assert information["build-complete"] is True
    assert information["initiator"] == "root"
    assert information["logs"]["stream-name"] == done["logs"]["streamName"]
    failed = [phase for phase in information["phases"] if phase.get("phase-status") == "FAILED"]
    assert failed[0]["phase-type"] == "BUILD"
    assert failed[0]["phase-context"] == [
        "COMMAND_EXECUTION_ERROR: Error while executing command: exit 2. Reason: exit status 2"
    ]


@pytest.mark.parametrize(("drop", "copies"), [(True, 0), ("duplicate", 2), (False, 1)])
def test_events_can_be_lost_and_doubled(
    cloud: Any,
    make_repository: Any,
    project: Any,
    build: Any,
    receive: Any,
    switch: Any,
    wait_for: Any,
    drop: bool | str,
    copies: int,
) -> None:
    read = receive("CodeBuild Build State Change", "sim.codebuild")
    name = project(make_repository(BUILDSPEC))
    switch(drop, name)
    build(name)
    settled(cloud, wait_for)
    assert len(ended(read(), name)) == copies


def test_phases_are_told_as_they_end(
    cloud: Any, make_repository: Any, project: Any, build: Any, receive: Any, wait_for: Any
) -> None:
    read = receive("CodeBuild Build Phase Change", "sim.codebuild")
    name = project(make_repository(BUILDSPEC))
    build(name)
    settled(cloud, wait_for)
    told = [event["detail"] for event in read() if event["detail"]["project-name"] == name]
    assert {"completed-phase": "BUILD", "completed-phase-status": "FAILED"}.items() <= next(
        detail.items() for detail in told if detail["completed-phase"] == "BUILD"
    )
