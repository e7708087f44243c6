"""The simulator as a process."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import boto3
import psutil

BUILDSPEC = "version: 0.2\nphases: {build: {commands: ['sleep %s']}}\n"


def test_sigterm_ends_the_simulator_and_its_builds(
    cloud: Any, simulator: Any, make_repository: Any, tmp_path: Path, wait_for: Any
) -> None:
    mark = f"{time.time_ns() % 100_000_000}.25"
    repository = make_repository({"buildspec.yml": BUILDSPEC % mark})
    process, url = simulator(tmp_path, cloud.ministack_url)
    make: Any = boto3.client
    codebuild = make(
        "codebuild",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    codebuild.create_project(
        name="shop",
        source={"type": "GITHUB", "location": str(repository)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::000000000000:role/builder",
    )
    codebuild.start_build(projectName="shop")

    def sleeping() -> bool:
        return any(item.info["cmdline"] == ["sleep", mark] for item in psutil.process_iter(["cmdline"]))

    wait_for(sleeping)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=240) == 0
    assert not sleeping()
