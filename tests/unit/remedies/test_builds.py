"""The remedies that build again: what they do, and what they refuse in plain words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import ActionRefused
from selfheal.domain.run import RunStatus
from selfheal.remedies.registry import remedy_module
from selfheal.remedy_ports import Case
from selfheal.testing.builders import NOON, a_run
from selfheal.testing.service import FakeService
from selfheal.testing.toolbox import fake_tools

BUILDING = ["retry_build", "retry_build_clean", "retry_build_bigger", "retry_build_longer", "wait_and_retry"]
ANEW = ["retry_build_clean", "retry_build_bigger", "retry_build_longer"]
TIMED_OUT = a_run(status=RunStatus.TIMED_OUT)


def service(**details: Any) -> FakeService:
    """CodeBuild with the run that reached its limit of an hour, after good builds of 50 minutes."""
    fake = FakeService()
    fake.add(TIMED_OUT)
    fake.build_details = replace(fake.build_details, **details)
    for n in (1, 2, 3):
        start = NOON - timedelta(days=n)
        fake.add(
            a_run(
                f"shop:good-{n}",
                RunStatus.SUCCEEDED,
                started_at=start,
                ended_at=start + timedelta(minutes=50),
                source_version="f" * 40,
            )
        )
    return fake


def refusal(remedy: str, fake: FakeService, run: Any = TIMED_OUT) -> str:
    return remedy_module(remedy).preflight(run, fake_tools(fake))


@pytest.mark.parametrize("remedy", BUILDING)
def test_a_tagged_project_s_failed_build_may_be_built_again(remedy: str) -> None:
    assert refusal(remedy, service()) == ""


@pytest.mark.parametrize("remedy", BUILDING)
@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"tagged": False}, "project shop is not tagged selfheal=enabled"),
        ({"native_retries_left": 2}, "CodeBuild itself will repeat this build (2 automatic"),
        ({"unapproved_pull_request": True}, "a pull request that nobody had to approve"),
    ],
)
def test_what_must_not_be_built_again_is_refused_by_all(
    remedy: str, details: dict[str, Any], words: str
) -> None:
    assert words in refusal(remedy, service(**details))


@pytest.mark.parametrize("remedy", ["retry_build", "retry_build_bigger", "retry_build_longer"])
def test_a_build_of_a_pipeline_is_left_to_its_stage(remedy: str) -> None:
    assert "the stage has to be retried" in refusal(
        remedy, service(), replace(TIMED_OUT, initiator="codepipeline/shop")
    )


@pytest.mark.parametrize("remedy", BUILDING)
def test_a_branch_that_moved_on_is_not_built_at_its_old_commit(remedy: str) -> None:
    fake = service()
    newer = a_run("shop:2", started_at=NOON + timedelta(minutes=1), source_version="e" * 40)
    fake.add(replace(newer, branch="main"))
    assert "superseded: shop:2" in refusal(remedy, fake, replace(TIMED_OUT, branch="main"))
    assert refusal(remedy, fake, replace(TIMED_OUT, branch="other")) == ""
    assert refusal(remedy, fake, replace(TIMED_OUT, branch="")) == ""


@pytest.mark.parametrize("remedy", ANEW)
def test_a_build_started_anew_must_be_what_the_project_alone_gives(remedy: str) -> None:
    assert "(variable STAGE)" in refusal(remedy, service(difference="variable STAGE"))
    assert "commit is not known" in refusal(remedy, service(), replace(TIMED_OUT, source_version=""))


@pytest.mark.parametrize(
    ("environment", "size", "next_size"),
    [
        ("LINUX_CONTAINER", "BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM"),
        ("ARM_CONTAINER", "BUILD_GENERAL1_XLARGE", "BUILD_GENERAL1_2XLARGE"),
        ("LINUX_GPU_CONTAINER", "BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_LARGE"),
        ("ARM_LAMBDA_CONTAINER", "BUILD_LAMBDA_8GB", "BUILD_LAMBDA_10GB"),
    ],
)
def test_the_next_size_is_one_that_the_environment_has(environment: str, size: str, next_size: str) -> None:
    fake = service(environment_type=environment, compute_type=size)
    plan = remedy_module("retry_build_bigger").plan(TIMED_OUT, fake_tools(fake))
    assert plan.parameters == {"compute_type": next_size}
    remedy_module("retry_build_bigger").start(plan, TIMED_OUT, fake_tools(fake), "token")
    assert fake.started == [(next_size, "shop:1")]


@pytest.mark.parametrize(
    ("environment", "size", "next_size"),
    [
        ("LINUX_CONTAINER", "BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM"),
        ("LINUX_CONTAINER", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_XLARGE"),
        ("LINUX_CONTAINER", "BUILD_GENERAL1_LARGE", "BUILD_GENERAL1_XLARGE"),
    ],
)
def test_against_a_full_disk_a_larger_disk_is_taken(environment: str, size: str, next_size: str) -> None:
    fake = service(environment_type=environment, compute_type=size)
    hands = fake_tools(fake, case=Case(cause=Cause.DISK_FULL))
    assert remedy_module("retry_build_bigger").plan(TIMED_OUT, hands).parameters["compute_type"] == next_size


def test_where_no_disk_is_larger_that_is_said() -> None:
    fake = service(environment_type="LINUX_LAMBDA_CONTAINER", compute_type="BUILD_LAMBDA_1GB")
    hands = fake_tools(fake, case=Case(cause=Cause.DISK_FULL))
    assert "has a larger disk" in remedy_module("retry_build_bigger").preflight(TIMED_OUT, hands)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"compute_type": "BUILD_GENERAL1_2XLARGE"}, "is the largest compute type of LINUX_CONTAINER"),
        ({"fleet": True}, "runs on a fleet"),
        ({"environment_type": "MAC_ARM"}, "not known what is larger"),
        ({"compute_type": "CUSTOM_INSTANCE_TYPE"}, "not known what is larger"),
    ],
)
def test_what_cannot_be_built_on_something_larger_is_refused(details: dict[str, Any], words: str) -> None:
    fake = service(**details)
    assert words in refusal("retry_build_bigger", fake)
    with pytest.raises(ActionRefused, match=words):
        remedy_module("retry_build_bigger").plan(TIMED_OUT, fake_tools(fake))


@pytest.mark.parametrize(("limit", "new"), [(60, "120"), (1500, "2160")])
def test_twice_the_time_is_given_up_to_the_service_s_limit(limit: int, new: str) -> None:
    fake = service(timeout_minutes=limit)
    plan = remedy_module("retry_build_longer").plan(TIMED_OUT, fake_tools(fake))
    assert plan.parameters == {"timeout_minutes": new}
    remedy_module("retry_build_longer").start(plan, TIMED_OUT, fake_tools(fake), "token")
    assert fake.started == [(f"{new} min", "shop:1")]


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"timeout_minutes": 2160}, "2160 minutes are all that CodeBuild allows"),
        ({"environment_type": "LINUX_LAMBDA_CONTAINER", "timeout_minutes": 15}, "15 minutes are all"),
    ],
)
def test_more_time_is_refused_where_it_would_not_help(details: dict[str, Any], words: str) -> None:
    assert words in refusal("retry_build_longer", service(**details))


@pytest.mark.parametrize(
    ("minutes", "queued", "stuck"), [(101, 0, True), (99, 0, False), (110, 12 * 60, False)]
)
def test_a_build_that_had_more_than_twice_what_is_usual_was_stuck(
    minutes: int, queued: float, stuck: bool
) -> None:
    run = replace(
        TIMED_OUT, ended_at=TIMED_OUT.started_at + timedelta(minutes=minutes), queued_seconds=queued
    )
    words = "good builds take 50.0 of the 101.0 minutes it had: this one was stuck, not slow"
    assert refusal("retry_build_longer", service(), run) == (words if stuck else "")


def test_more_time_is_for_builds_that_ran_out_of_theirs_and_have_a_past() -> None:
    assert "did not reach its own time limit" in refusal("retry_build_longer", service(), a_run())
    fake = FakeService()
    fake.add(TIMED_OUT)
    assert "no good build of the last 30 days" in refusal("retry_build_longer", fake)


@pytest.mark.parametrize("remedy", BUILDING)
def test_a_lost_build_is_one_of_ours_of_the_same_commit(remedy: str) -> None:
    fake = service()
    for name, initiator, commit in [
        ("ours", "role/execute-action", TIMED_OUT.source_version),
        ("queued", "role/execute-action", ""),
        ("other-commit", "role/execute-action", "e" * 40),
        ("somebody", "developer", TIMED_OUT.source_version),
        ("suffix", "role/not-execute-action", TIMED_OUT.source_version),
    ]:
        fake.add(a_run(f"shop:{name}", started_at=NOON, initiator=initiator, source_version=commit))
    tools = fake_tools(fake, case=Case("incident", "execute-action"))
    assert set(remedy_module(remedy).find(TIMED_OUT, tools, NOON)) == {"shop:ours", "shop:queued"}
