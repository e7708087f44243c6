"""Real builds through unmodified boto3 clients."""

from __future__ import annotations

import json
import time
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

Json = dict[str, Any]

PHASES = [
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
]
BUILDSPEC = """
version: 0.2
env:
  variables: {GREETING: hello}
  exported-variables: [RESULT]
phases:
  install:
    commands: ["mkdir -p .cache", "test -f .cache/mark && echo warm || echo cold", "touch .cache/mark"]
  build:
    commands:
      - cd tests
      - export RESULT=42
      - echo "$GREETING from $CODEBUILD_BUILD_NUMBER in $(basename $PWD)"
      - python -m pytest -q -p no:cacheprovider --junitxml=../out/junit.xml
    finally:
      - echo tidied
  post_build:
    commands: ['echo "succeeding=$CODEBUILD_BUILD_SUCCEEDING"']
reports:
  unit: {files: ["*.xml"], base-directory: out}
cache:
  paths: [".cache/**/*"]
"""
GREEN = {"buildspec.yml": BUILDSPEC, "tests/test_sum.py": "def test_sum():\n    assert 1 + 1 == 2\n"}
RED = {**GREEN, "tests/test_price.py": "def test_price():\n    assert 1080 == 1081, 'rounded'\n"}


def phases(build: Json) -> dict[str, str | None]:
    return {phase["phaseType"]: phase.get("phaseStatus") for phase in build["phases"]}


def context(build: Json, phase_type: str) -> Json:
    return next(phase["contexts"][0] for phase in build["phases"] if phase["phaseType"] == phase_type)


def inline(*commands: str, **more_phases: Json) -> str:
    """A buildspec as JSON text, which is YAML too."""
    return json.dumps({"version": 0.2, "phases": {"build": {"commands": commands}} | more_phases}, indent=1)


def test_a_passing_build_goes_through_all_phases_of_its_commit(
    cloud: Any, make_repository: Any, commit: Any, project: Any, build: Any
) -> None:
    repository = make_repository(GREEN)
    first = commit(repository, {"later.txt": "first"})
    commit(repository, {"later.txt": "second"})
    done = build(project(repository), sourceVersion=first)
    assert done["buildStatus"] == "SUCCEEDED"
    assert list(phases(done)) == PHASES
    assert done["resolvedSourceVersion"] == first
    assert done["initiator"] == "root"
    assert done["exportedEnvironmentVariables"] == [{"name": "RESULT", "value": "42"}]
    log = cloud.log_of(done)
    assert "hello from 1 in tests" in log
    assert "succeeding=1" in log
    assert "Phase complete: BUILD State: SUCCEEDED" in log


def test_a_failing_test_fails_the_build_and_its_report(
    cloud: Any, make_repository: Any, project: Any, build: Any
) -> None:
    done = build(project(make_repository(RED)))
    assert done["buildStatus"] == "FAILED"
    assert list(phases(done)) == PHASES
    assert [name for name, status in phases(done).items() if status == "FAILED"] == ["BUILD"]
    assert context(done, "BUILD") == {
        "statusCode": "COMMAND_EXECUTION_ERROR",
        "message": "Error while executing command: python -m pytest -q -p no:cacheprovider "
        "--junitxml=../out/junit.xml. Reason: exit status 1",
    }
    log = cloud.log_of(done)
    assert log.index("AssertionError: rounded") < log.index("tidied") < log.index("succeeding=0")
    codebuild = cloud.client("codebuild")
    report = codebuild.batch_get_reports(reportArns=done["reportArns"])["reports"][0]
    assert report["status"] == "FAILED"
    assert report["testSummary"]["statusCounts"]["FAILED"] == 1
    assert report["testSummary"]["total"] == 2
    cases = codebuild.describe_test_cases(reportArn=report["arn"], filter={"status": "FAILED"})["testCases"]
    assert [(case["prefix"], case["name"]) for case in cases] == [("test_price", "test_price")]
    assert "rounded" in cases[0]["message"]


def test_the_cache_is_kept_by_a_good_build_dropped_on_demand_and_passed_over_on_request(
    cloud: Any, make_repository: Any, project: Any, build: Any
) -> None:
    name = project(make_repository(GREEN), cache={"type": "LOCAL"})

    def temperature(**overrides: Any) -> str:
        log: list[str] = cloud.log_of(build(name, **overrides)).splitlines()
        return next(line for line in log if line in ("warm", "cold"))

    assert temperature(cacheOverride={"type": "NO_CACHE"}) == "cold"
    assert temperature() == "cold", "a build without cache must not save one"
    assert temperature() == "warm"
    assert temperature(cacheOverride={"type": "NO_CACHE"}) == "cold"
    cloud.client("codebuild").invalidate_project_cache(projectName=name)
    assert temperature() == "cold"


def test_a_failed_build_saves_no_cache(cloud: Any, make_repository: Any, project: Any, build: Any) -> None:
    name = project(make_repository(RED), cache={"type": "LOCAL"})
    build(name)
    assert "\ncold\n" in cloud.log_of(build(name))


@pytest.mark.parametrize(
    ("phase", "body", "expected"),
    [
        ("pre_build", {}, {"PRE_BUILD": "FAILED", "BUILD": None, "UPLOAD_ARTIFACTS": None}),
        ("pre_build", {"on-failure": "CONTINUE"}, {"PRE_BUILD": "FAILED", "BUILD": "SUCCEEDED"}),
        (
            "build",
            {"on-failure": "ABORT"},
            {"BUILD": "FAILED", "POST_BUILD": None, "FINALIZING": "SUCCEEDED"},
        ),
        ("build", {}, {"BUILD": "FAILED", "POST_BUILD": "SUCCEEDED", "UPLOAD_ARTIFACTS": "SUCCEEDED"}),
        ("post_build", {}, {"POST_BUILD": "FAILED", "UPLOAD_ARTIFACTS": "SUCCEEDED"}),
    ],
)
def test_a_failed_phase_leads_where_on_failure_says(
    make_repository: Any, project: Any, build: Any, phase: str, body: Json, expected: dict[str, str | None]
) -> None:
    spec = inline("true", **{phase: {"commands": ["exit 3"], **body}})
    done = build(project(make_repository({"README": "x"})), buildspecOverride=spec)
    assert done["buildStatus"] == "FAILED"
    assert {name: phases(done).get(name) for name in expected} == expected
    assert (
        context(done, phase.upper())["message"]
        == "Error while executing command: exit 3. Reason: exit status 3"
    )


@pytest.mark.parametrize(
    ("files", "version", "code", "part"),
    [
        ({"README": "x"}, "main", "YAML_FILE_ERROR", "buildspec.yml"),
        ({"buildspec.yml": "version: 0.2\nphases: [broken"}, "main", "YAML_FILE_ERROR", "not valid YAML"),
        (GREEN, "no-such-branch", "CLIENT_ERROR", "no-such-branch"),
    ],
)
def test_a_build_without_usable_source_fails_in_download_source(
    make_repository: Any, project: Any, build: Any, files: dict[str, str], version: str, code: str, part: str
) -> None:
    done = build(project(make_repository(files)), sourceVersion=version)
    assert done["buildStatus"] == "FAILED"
    assert context(done, "DOWNLOAD_SOURCE")["statusCode"] == code
    assert part in context(done, "DOWNLOAD_SOURCE")["message"]
    assert "INSTALL" not in phases(done)


def test_a_build_past_its_time_out_is_killed(make_repository: Any, project: Any, build: Any) -> None:
    # The simulator of these tests has minutes of 0.2 s.
    done = build(
        project(make_repository({"README": "x"})),
        buildspecOverride=inline("sleep 600"),
        timeoutInMinutesOverride=5,
    )
    assert done["buildStatus"] == "TIMED_OUT"
    assert context(done, "BUILD")["statusCode"] == "BUILD_TIMED_OUT"
    assert phases(done)["BUILD"] == "TIMED_OUT"


def test_stopping_a_build_kills_what_it_started(
    cloud: Any, make_repository: Any, project: Any, wait_for: Any
) -> None:
    codebuild = cloud.client("codebuild")
    mark = f"{time.time_ns() % 100_000_000}.5"
    started = codebuild.start_build(
        projectName=project(make_repository({"README": "x"})),
        buildspecOverride=inline(f"sleep {mark} & sleep {mark}"),
    )["build"]

    def sleepers() -> list[psutil.Process]:
        return [item for item in psutil.process_iter(["cmdline"]) if item.info["cmdline"] == ["sleep", mark]]

    wait_for(lambda: len(sleepers()) == 2)
    codebuild.stop_build(id=started["id"])
    done = cloud.finished(started["id"])
    assert done["buildStatus"] == "STOPPED"
    assert phases(done)["BUILD"] == "STOPPED"
    wait_for(lambda: not sleepers())


def test_builds_do_not_see_the_credentials_of_the_simulator(
    cloud: Any, make_repository: Any, project: Any, build: Any
) -> None:
    done = build(
        project(make_repository({"README": "x"})),
        buildspecOverride=inline("env", "python -c 'import sys; print(sys.executable)'"),
        environmentVariablesOverride=[{"name": "TOKEN", "value": "given", "type": "PLAINTEXT"}],
    )
    log = cloud.log_of(done)
    assert "TOKEN=given" in log
    assert f"CODEBUILD_BUILD_ID={done['id']}" in log
    assert "AWS_ACCESS_KEY_ID" not in log
    assert "AWS_SECRET_ACCESS_KEY" not in log


def test_a_retried_build_repeats_the_original_with_its_overrides(
    cloud: Any, make_repository: Any, project: Any, build: Any
) -> None:
    codebuild = cloud.client("codebuild")
    name = project(make_repository({"README": "x"}))
    original = build(
        name,
        sourceVersion="main",
        buildspecOverride=inline("test $COLOUR = blue", "exit 1"),
        environmentVariablesOverride=[{"name": "COLOUR", "value": "blue", "type": "PLAINTEXT"}],
    )
    started = codebuild.retry_build(id=original["id"], idempotencyToken="once")["build"]
    again = codebuild.retry_build(id=original["id"], idempotencyToken="once")["build"]
    assert again["id"] == started["id"] != original["id"]
    retried = cloud.finished(started["id"])
    assert context(retried, "BUILD")["message"].startswith("Error while executing command: exit 1.")
    assert [retried[key] for key in ("source", "environment", "sourceVersion")] == [
        original[key] for key in ("source", "environment", "sourceVersion")
    ]
    assert codebuild.list_builds_for_project(projectName=name)["ids"] == [retried["id"], original["id"]]


def test_a_project_needs_a_local_repository(project: Any) -> None:
    with pytest.raises(ClientError, match=r"source\.location: expected the absolute path") as refused:
        project("https://example.com/shop.git")
    assert refused.value.response["Error"]["Code"] == "InvalidInputException"


def test_builds_that_are_not_there_are_named(cloud: Any) -> None:
    codebuild = cloud.client("codebuild")
    assert codebuild.batch_get_builds(ids=["shop:gone"])["buildsNotFound"] == ["shop:gone"]
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.retry_build(id="shop:gone")
