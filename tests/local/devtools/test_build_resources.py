"""What a build has at its disposal, memory and time: measured, and really at an end."""

from __future__ import annotations

import json
import time
from typing import Any

Json = dict[str, Any]


def context(build: Json, phase_type: str) -> Json:
    return next(phase["contexts"][0] for phase in build["phases"] if phase["phaseType"] == phase_type)


def inline(*commands: str, **more_phases: Json) -> str:
    """A buildspec as JSON text, which is YAML too."""
    return json.dumps({"version": 0.2, "phases": {"build": {"commands": commands}} | more_phases}, indent=1)


def test_resource_use_is_measured_per_build(
    cloud: Any, make_repository: Any, project: Any, build: Any, wait_for: Any
) -> None:
    busy = "python -c 'import time; block = bytearray(100_000_000); end = time.process_time() + 1"
    done = build(
        project(make_repository({"README": "x"})),
        buildspecOverride=inline(busy + "\nwhile time.process_time() < end: pass'"),
    )
    cloudwatch = cloud.client("cloudwatch")
    dimensions = [
        {"Name": "ProjectName", "Value": done["projectName"]},
        {"Name": "BuildId", "Value": done["id"]},
        {"Name": "BuildNumber", "Value": "1"},
    ]

    def highest(metric: str) -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/CodeBuild",
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=done["startTime"],
            EndTime=time.time() + 60,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return max((point["Maximum"] for point in points), default=0.0)

    # 100 MB and Python itself, of the 256 MiB that this compute type has here.
    assert 35 < highest("MemoryUtilizedPercent") < 65
    assert 0 < highest("CPUUtilizedPercent") <= 100, "how much is a matter of what else runs on this machine"


def test_too_little_memory_kills_a_build_and_more_of_it_lets_it_pass(
    cloud: Any, make_repository: Any, project: Any, build: Any
) -> None:
    table = "python -c 'import time; table = bytearray(320_000_000); time.sleep({}); print(len(table))'"
    name = project(make_repository({"README": "x"}))
    killed = build(name, buildspecOverride=inline(table.format(600)))
    assert killed["buildStatus"] == "FAILED"
    assert context(killed, "BUILD")["message"].endswith("Reason: exit status 137")
    log = cloud.log_of(killed)
    assert "Killed" in log and "320000000" not in log
    bigger = build(
        name, buildspecOverride=inline(table.format(1)), computeTypeOverride="BUILD_GENERAL1_MEDIUM"
    )
    assert bigger["buildStatus"] == "SUCCEEDED"
    assert bigger["environment"]["computeType"] == "BUILD_GENERAL1_MEDIUM"


def test_a_longer_time_out_lets_a_build_come_to_its_end(
    make_repository: Any, project: Any, build: Any
) -> None:
    # A minute lasts a fifth of a second here.
    name = project(make_repository({"README": "x"}), timeoutInMinutes=5)
    slow = inline("sleep 2")
    assert build(name, buildspecOverride=slow)["buildStatus"] == "TIMED_OUT"
    longer = build(name, buildspecOverride=slow, timeoutInMinutesOverride=2000)
    assert (longer["buildStatus"], longer["timeoutInMinutes"]) == ("SUCCEEDED", 2000)
