"""How a build ends when it cannot go its way, with a cloud that only takes notes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.devtools.builds import Build, BuildPlan
from local.devtools.cache import BuildCache
from local.devtools.cloud import Cloud
from local.devtools.events import EventPublisher
from local.devtools.reports import ReportStore
from local.devtools.runner import Workshop
from tests.local.devtools.simulated import LATE_SECONDS, WAIT_SECONDS, until

Json = dict[str, Any]
ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"}


class Notebook:
    """Takes what is sent to logs, events and metrics."""

    class exceptions:  # noqa: N801 - boto3's spelling
        ResourceAlreadyExistsException = KeyError

    def __init__(self) -> None:
        self.details: list[tuple[str, Json]] = []

    def create_log_group(self, **_: Any) -> None: ...

    def create_log_stream(self, **_: Any) -> None: ...

    def put_log_events(self, **_: Any) -> None: ...

    def put_metric_data(self, **_: Any) -> None: ...

    def put_events(self, Entries: list[Json]) -> Json:  # noqa: N803 - boto3's spelling
        self.details += [(entry["DetailType"], entry["Detail"]) for entry in Entries]
        return {"FailedEntryCount": 0, "Entries": []}


def run(
    directory: Path,
    source: Json,
    slots: int,
    stop: bool = False,
    watch: Callable[[Build], None] = lambda build: None,
    ended: Callable[[Build], None] = lambda build: None,
) -> tuple[Build, list[tuple[str, Json]]]:
    """Run a build to its end, of which ``ended`` hears; ``watch`` looks on from outside."""
    notebook, closing = Notebook(), threading.Event()
    events = EventPublisher(notebook, closing)
    shop = Workshop(
        cloud=Cloud(notebook, notebook, notebook, None, None),
        events=events,
        reports=ReportStore(),
        cache=BuildCache(directory / "cache"),
        directory=directory / "builds",
        slots=threading.Semaphore(slots),
        minute_seconds=60,
        closing=closing,
    )
    plan = BuildPlan("shop", source, ENVIRONMENT, {"type": "NO_CACHE"}, "role", 60, 480)
    build = Build(plan, "0000-1111", "root", 1000.0)
    if stop:
        build.stop.set()
    shop.start(build, ended)
    watch(build)
    assert build.done.wait(WAIT_SECONDS)
    for thread in threading.enumerate():
        if thread.name == f"build-{build.uuid}":
            thread.join()
    events.close()
    return build, notebook.details


def test_a_build_can_be_stopped_while_it_waits_for_its_turn(tmp_path: Path) -> None:
    source = {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: ['true']}}\n"}
    build, _ = run(tmp_path, source, slots=0, stop=True)
    assert build.status == "STOPPED"
    assert [(phase.name, phase.status) for phase in build.phases] == [
        ("SUBMITTED", "SUCCEEDED"),
        ("QUEUED", "STOPPED"),
        ("COMPLETED", None),
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_the_simulator_ends_the_build_as_a_fault(tmp_path: Path) -> None:
    # A git source without a location cannot come through the API; the runner has no answer to it.
    build, details = run(tmp_path, {"type": "GITHUB"}, slots=1)
    assert build.status == "FAULT"
    assert (build.phases[-2].name, build.phases[-2].status) == ("DOWNLOAD_SOURCE", "FAULT")
    assert details[-1][0] == "CodeBuild Build State Change"
    assert '"build-status": "FAULT"' in details[-1][1]


def test_a_build_is_not_seen_as_ended_before_its_automatic_retry_is_known(tmp_path: Path) -> None:
    def ended(build: Build) -> None:
        time.sleep(LATE_SECONDS)
        build.next_auto_retry = "the next one"

    def watch(build: Build) -> None:
        until(lambda: build.wire()["buildComplete"])
        assert build.next_auto_retry == "the next one"

    source = {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: ['true']}}\n"}
    _, details = run(tmp_path, source, slots=1, watch=watch, ended=ended)
    assert '"build-status": "SUCCEEDED"' in details[-1][1]


def test_a_build_leaves_no_files_behind(tmp_path: Path) -> None:
    source = {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: ['touch here']}}\n"}
    build, _ = run(tmp_path, source, slots=1)
    assert build.status == "SUCCEEDED"
    assert list((tmp_path / "builds" / "shop").iterdir()) == []
