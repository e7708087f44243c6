"""Resource use of a build's processes, put to CloudWatch as CodeBuild does."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil

from local.devtools.builds import Build
from local.devtools.delivery import deliver

NAMESPACE = "AWS/CodeBuild"
SAMPLE_SECONDS = 0.25
BATCH_DATA = 500
# vCPUs and GiB of memory, CodeBuild user guide, build environment compute types (Linux).
COMPUTE = {
    "BUILD_GENERAL1_SMALL": (2, 4),
    "BUILD_GENERAL1_MEDIUM": (4, 8),
    "BUILD_GENERAL1_LARGE": (8, 16),
    "BUILD_GENERAL1_XLARGE": (36, 72),
    "BUILD_GENERAL1_2XLARGE": (72, 144),
}
GIB_MEGABYTES = 64.0
UNITS = {
    "CPUUtilized": "None",
    "CPUUtilizedPercent": "Percent",
    "MemoryUtilized": "Megabytes",
    "MemoryUtilizedPercent": "Percent",
    "StorageReadBytes": "Bytes/Second",
    "StorageWriteBytes": "Bytes/Second",
}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compute:
    """What a build has at its disposal: vCPUs, and bytes of memory beyond which its processes are killed."""

    vcpus: int
    memory: int


def compute(compute_type: str, gib_megabytes: float = GIB_MEGABYTES) -> Compute:
    """A compute type, whose GiB are ``gib_megabytes`` MiB here: a test need not fill gigabytes to have too few."""
    vcpus, gigabytes = COMPUTE[compute_type]
    return Compute(vcpus, int(gigabytes * gib_megabytes * 2**20))


@dataclass(frozen=True)
class Usage:
    """What a process tree has used so far: CPU seconds, bytes resident now, bytes read and written."""

    cpu: float = 0.0
    resident: int = 0
    read: int = 0
    written: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.cpu + other.cpu,
            self.resident + other.resident,
            self.read + other.read,
            self.written + other.written,
        )


class ResourceMeter:
    """Samples the process tree of a build from its own thread until ``close``, which sends the data.

    A tree that needs more memory than there is loses its largest process, as to the kernel's killer in a container.
    """

    def __init__(
        self,
        client: Any,
        build: Build,
        root: Callable[[], int | None],
        closing: threading.Event,
        compute: Compute,
    ) -> None:
        self._client, self._build, self._root, self._closing = client, build, root, closing
        self._compute = compute
        self._before = Usage()
        self._at = time.monotonic()
        self._data: list[dict[str, Any]] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"meter-{build.uuid}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()
        for start in range(0, len(self._data), BATCH_DATA):
            self._send(self._data[start : start + BATCH_DATA])

    def _work(self) -> None:
        while not self._closed.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        root = self._root()
        if root is None:
            return
        family = tree(root)
        now, after = time.monotonic(), sum(map(_usage, family), Usage())
        if after.resident > self._compute.memory:
            self._kill_largest(family)
        values = rates(self._before, after, now - self._at, self._compute)
        self._before, self._at = after, now
        moment = datetime.now(UTC)
        self._data += [
            {
                "MetricName": name,
                "Dimensions": self._dimensions(),
                "Timestamp": moment,
                "Value": value,
                "Unit": UNITS[name],
            }
            for name, value in values.items()
        ]

    def _kill_largest(self, family: Sequence[psutil.Process]) -> None:
        largest = max(family, key=lambda process: _usage(process).resident)
        log.info("%s: out of memory, killing process %d", self._build.id, largest.pid)
        with contextlib.suppress(psutil.NoSuchProcess):
            largest.kill()

    def _dimensions(self) -> list[dict[str, str]]:
        return [
            {"Name": "ProjectName", "Value": self._build.plan.project},
            {"Name": "BuildId", "Value": self._build.id},
            {"Name": "BuildNumber", "Value": str(self._build.number)},
        ]

    def _send(self, data: list[dict[str, Any]]) -> None:
        def put() -> None:
            self._client.put_metric_data(Namespace=NAMESPACE, MetricData=data)

        deliver(f"{len(data)} metric values of {self._build.id}", put, self._closing)


def rates(before: Usage, after: Usage, seconds: float, compute: Compute) -> dict[str, float]:
    """Metric values between two samples that lie ``seconds`` apart."""
    used = max(0.0, after.cpu - before.cpu) / seconds
    return {
        "CPUUtilized": used * 1024,
        "CPUUtilizedPercent": min(100.0, 100 * used / compute.vcpus),
        "MemoryUtilized": after.resident / 2**20,
        "MemoryUtilizedPercent": min(100.0, 100 * after.resident / compute.memory),
        "StorageReadBytes": max(0, after.read - before.read) / seconds,
        "StorageWriteBytes": max(0, after.written - before.written) / seconds,
    }


def tree(root: int) -> list[psutil.Process]:
    """A process and its descendants; empty when it is gone."""
    try:
        parent = psutil.Process(root)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _usage(process: psutil.Process) -> Usage:
    """Use by one process, and by those of its children that have ended and been waited for."""
    try:
        with process.oneshot():
            times, resident = process.cpu_times(), process.memory_info().rss
            # macOS does not tell what a process reads and writes.
            io = process.io_counters() if hasattr(process, "io_counters") else None
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return Usage()
    return Usage(
        cpu=times.user + times.system + times.children_user + times.children_system,
        resident=resident,
        read=io.read_bytes if io else 0,
        written=io.write_bytes if io else 0,
    )
