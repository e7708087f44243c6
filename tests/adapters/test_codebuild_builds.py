import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from selfheal.adapters.build_actions import CodeBuildBuilds
from selfheal.domain.errors import RequestRejected, RunNotFound, Throttled
from selfheal.remedy_ports import BuildDetails, Overrides

Scripted = Callable[[str], tuple[Any, Stubber]]
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "f" * 64
ROLE = "arn:aws:iam::111122223333:role/shop-build"


def test_retry_sends_the_build_and_the_token_and_nothing_else(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    request = {"id": "shop:1", "idempotencyToken": TOKEN}
    stubber.add_response("retry_build", {"build": {"id": "shop:2"}}, request)
    assert CodeBuildBuilds(client).retry("shop:1", TOKEN) == "shop:2"


def test_a_long_token_is_shortened_to_the_same_64_characters_each_time(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    digest = hashlib.sha256(f"{TOKEN}more".encode()).hexdigest()
    assert len(digest) == 64
    for _ in range(2):
        request = {"id": "shop:1", "idempotencyToken": digest}
        stubber.add_response("retry_build", {"build": {"id": "shop:2"}}, request)
        CodeBuildBuilds(client).retry("shop:1", f"{TOKEN}more")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidInputException", RequestRejected),
        ("AccessDeniedException", RequestRejected),
        ("AccountLimitExceededException", Throttled),
    ],
)
def test_a_refused_retry_keeps_the_services_reason(scripted: Scripted, code: str, kind: Any) -> None:
    client, stubber = scripted("codebuild")
    stubber.add_client_error("retry_build", code, "Cannot retry this build")
    with pytest.raises(kind, match=r"codebuild:RetryBuild.*Cannot retry this build"):
        CodeBuildBuilds(client).retry("shop:1", TOKEN)


@pytest.mark.parametrize(
    ("overrides", "sent"),
    [
        (Overrides(), {}),
        (Overrides(no_cache=True), {"cacheOverride": {"type": "NO_CACHE"}}),
        (Overrides(compute_type="BUILD_GENERAL1_LARGE"), {"computeTypeOverride": "BUILD_GENERAL1_LARGE"}),
        (Overrides(timeout_minutes=120), {"timeoutInMinutesOverride": 120}),
    ],
)
def test_a_build_started_anew_overrides_what_it_is_told_and_nothing_else(
    scripted: Scripted, overrides: Overrides, sent: dict[str, Any]
) -> None:
    client, stubber = scripted("codebuild")
    request = {"projectName": "shop", "sourceVersion": COMMIT, "idempotencyToken": TOKEN} | sent
    stubber.add_response("start_build", {"build": {"id": "shop:3"}}, request)
    assert CodeBuildBuilds(client).start("shop", COMMIT, overrides, TOKEN) == "shop:3"


def test_a_cache_is_dropped(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    stubber.add_response("invalidate_project_cache", {}, {"projectName": "shop"})
    CodeBuildBuilds(client).drop_cache("shop")
    stubber.add_client_error("invalidate_project_cache", "ResourceNotFoundException", "no such project")
    with pytest.raises(RequestRejected, match="InvalidateProjectCache"):
        CodeBuildBuilds(client).drop_cache("shop")


def settings(**changes: Any) -> dict[str, Any]:
    """What a build and its project show alike."""
    return {
        "serviceRole": ROLE,
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "source": {"type": "GITHUB", "location": "https://example.com/shop.git"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "STAGE", "value": "test"}],
        },
    } | changes


def environment(**changes: Any) -> dict[str, Any]:
    return {"environment": settings()["environment"] | changes}


def details(scripted: Scripted, of_project: dict[str, Any] | None = None, **changes: Any) -> BuildDetails:
    client, stubber = scripted("codebuild")
    build = {"id": "shop:1", "projectName": "shop"} | settings(**changes)
    stubber.add_response("batch_get_builds", {"builds": [build]}, {"ids": ["shop:1"]})
    project = {"name": "shop", "sourceVersion": "main"} | settings() | (of_project or {})
    stubber.add_response("batch_get_projects", {"projects": [project]}, {"names": ["shop"]})
    return CodeBuildBuilds(client).details("shop:1")


def differs(scripted: Scripted, **changes: Any) -> str:
    return details(scripted, **changes).difference


@pytest.mark.parametrize(
    ("tags", "tagged"),
    [
        ([], False),
        ([{"key": "selfheal", "value": "disabled"}], False),
        ([{"key": "Selfheal", "value": "enabled"}], False),
        ([{"key": "team", "value": "a"}, {"key": "selfheal", "value": "enabled"}], True),
    ],
)
def test_a_project_is_healed_only_with_its_tag(
    scripted: Scripted, tags: list[dict[str, str]], tagged: bool
) -> None:
    assert details(scripted, {"tags": tags}).tagged is tagged


@pytest.mark.parametrize(
    ("native", "left"),
    [
        ({}, 0),
        ({"autoRetryLimit": 2, "autoRetryNumber": 0}, 2),
        ({"autoRetryLimit": 2, "autoRetryNumber": 2}, 0),
        ({"autoRetryLimit": 1, "autoRetryNumber": 2}, 0),  # the limit was lowered in between
    ],
)
def test_retries_that_codebuild_makes_by_itself_are_counted(
    scripted: Scripted, native: dict[str, int], left: int
) -> None:
    assert details(scripted, autoRetryConfig=native).native_retries_left == left


@pytest.mark.parametrize(
    ("asked_for", "approval", "unapproved"),
    [
        ("pr/7", "DISABLED", True),
        ("pr/7", "FORK_PULL_REQUESTS", False),
        ("pr/7", "ALL_PULL_REQUESTS", False),
        ("main", "DISABLED", False),
        (COMMIT, "DISABLED", False),
    ],
)
def test_a_pull_request_counts_as_approved_only_where_somebody_had_to(
    scripted: Scripted, asked_for: str, approval: str, unapproved: bool
) -> None:
    webhook = {"pullRequestBuildPolicy": {"requiresCommentApproval": approval}}
    found = details(scripted, {"webhook": webhook}, sourceVersion=asked_for)
    assert found.unapproved_pull_request is unapproved


def test_a_pull_request_of_a_project_without_that_policy_is_not_approved(scripted: Scripted) -> None:
    assert details(scripted, sourceVersion="pr/7").unapproved_pull_request


def test_what_a_build_runs_on_is_told(scripted: Scripted) -> None:
    found = details(scripted)
    assert (found.environment_type, found.compute_type) == ("LINUX_CONTAINER", "BUILD_GENERAL1_SMALL")
    assert (found.fleet, found.timeout_minutes) == (False, 60)


def test_a_build_on_a_fleet_is_known_for_one(scripted: Scripted) -> None:
    fleet = environment(fleet={"fleetArn": "arn:aws:codebuild:us-east-1:111122223333:fleet/a:1"})
    assert details(scripted, **fleet).fleet


def test_a_build_of_the_bare_project_differs_in_nothing(scripted: Scripted) -> None:
    assert differs(scripted) == ""


def test_absent_and_false_are_the_same(scripted: Scripted) -> None:
    typed = [{"name": "STAGE", "value": "test", "type": "PLAINTEXT"}]
    same = environment(privilegedMode=False, environmentVariables=typed)
    source = settings()["source"] | {"buildspec": ""}
    assert differs(scripted, **same, source=source, secondarySources=[]) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"serviceRole": f"{ROLE}-other"}, "service role"),
        ({"timeoutInMinutes": 90}, "time-out"),
        (environment(image="other:1"), "image"),
        (environment(computeType="BUILD_GENERAL1_LARGE"), "compute type"),
        (environment(privilegedMode=True), "privileged mode"),
        (environment(environmentVariables=[{"name": "STAGE", "value": "x"}]), "environment variable STAGE"),
        (environment(environmentVariables=[]), "environment variable STAGE"),
        ({"source": {"type": "GITHUB", "location": "https://example.com/fork.git"}}, "source location"),
        (
            {"source": {"type": "GITHUB", "location": "https://example.com/shop.git", "buildspec": "b.yml"}},
            "buildspec",
        ),
        ({"buildBatchArn": "arn:aws:codebuild:us-east-1:111122223333:build-batch/shop:1"}, "build batch"),
    ],
)
def test_every_override_is_named(scripted: Scripted, changes: dict[str, Any], words: str) -> None:
    assert words in differs(scripted, **changes)


def test_the_values_of_variables_are_not_told(scripted: Scripted) -> None:
    variables = [{"name": "STAGE", "value": "test"}, {"name": "KEY", "value": "hunter2hunter2"}]
    assert differs(scripted, **environment(environmentVariables=variables)) == "environment variable KEY"


def test_a_build_of_a_pipeline_cannot_be_had_from_the_project(scripted: Scripted) -> None:
    assert "source that a pipeline gave it" in differs(scripted, source={"type": "CODEPIPELINE"})


def test_a_project_or_build_that_is_gone_is_said(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    build = {"id": "shop:1", "projectName": "shop"}
    stubber.add_response("batch_get_builds", {"builds": [build]})
    stubber.add_response("batch_get_projects", {"projects": [], "projectsNotFound": ["shop"]})
    with pytest.raises(RunNotFound, match="does not exist any more"):
        CodeBuildBuilds(client).details("shop:1")
    stubber.add_response("batch_get_builds", {"builds": []})
    with pytest.raises(RunNotFound):
        CodeBuildBuilds(client).details("shop:1")


def a_build(name: str, minutes: int) -> dict[str, Any]:
    start = NOON + timedelta(minutes=minutes)
    return {"id": name, "projectName": "shop", "buildStatus": "IN_PROGRESS", "startTime": start}


def test_builds_since_a_moment_are_listed_newest_first(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    request = {"projectName": "shop", "sortOrder": "DESCENDING"}
    ids = ["shop:4", "shop:3", "shop:2", "shop:1"]
    stubber.add_response("list_builds_for_project", {"ids": ids}, request)
    builds = [a_build("shop:1", -1), a_build("shop:2", 0), a_build("shop:4", 9), a_build("shop:3", 5)]
    stubber.add_response("batch_get_builds", {"builds": builds}, {"ids": ids})
    found = CodeBuildBuilds(client).started_since("shop", NOON)
    assert [run.ref.run_id for run in found] == ["shop:4", "shop:3", "shop:2"]


def test_a_project_without_builds_is_not_asked_for_any(scripted: Scripted) -> None:
    client, stubber = scripted("codebuild")
    stubber.add_response("list_builds_for_project", {})
    assert CodeBuildBuilds(client).started_since("shop", NOON) == []
