"""Run the simulator: ``python -m local.devtools --port N --state DIR --ministack URL``."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
import time
from pathlib import Path

from local.devtools.access import Access
from local.devtools.actions import action_runners
from local.devtools.alarms import AlarmWatch
from local.devtools.automation import Automation
from local.devtools.cache import BuildCache
from local.devtools.cloud import Cloud, connect
from local.devtools.codebuild import CodeBuild
from local.devtools.codedeploy import CodeDeploy
from local.devtools.codepipeline import CodePipeline
from local.devtools.events import EventPublisher
from local.devtools.forwarding import forward_to
from local.devtools.metrics import GIB_MEGABYTES
from local.devtools.operations import Service
from local.devtools.reports import ReportStore
from local.devtools.runner import Workshop
from local.devtools.server import Api, DevtoolsServer

STOP_SECONDS = 60.0


def main() -> None:
    """Serve until SIGTERM or SIGINT, then stop all builds and send what is still to be sent."""
    options = _options()
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    cloud, closing, stop = connect(options.ministack), threading.Event(), threading.Event()
    events = EventPublisher(cloud.events, closing)
    codebuild = CodeBuild(_workshop(options, cloud, events, closing), time.time)
    codedeploy = CodeDeploy(events, options.state / "deployments")
    pipelines = CodePipeline(action_runners(codebuild, codedeploy), events)
    services: dict[str, Service] = {
        "codebuild": codebuild,
        "codepipeline": pipelines,
        "codedeploy": codedeploy,
        "ssm": Automation(events, options.state / "automation"),
    }
    api = Api(services, Access(cloud.functions, cloud.iam))
    server = DevtoolsServer(options.port, api, events, forward_to(options.ministack))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    AlarmWatch(cloud.cloudwatch, events, closing).start()
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    print(f"developer tools ready on http://127.0.0.1:{server.server_port}", flush=True)
    stop.wait()
    # Receivers that are gone must not hold up the end.
    closing.set()
    codebuild.close(STOP_SECONDS)
    codedeploy.close(STOP_SECONDS)
    events.close()
    server.shutdown()


def _workshop(
    options: argparse.Namespace, cloud: Cloud, events: EventPublisher, closing: threading.Event
) -> Workshop:
    return Workshop(
        cloud=cloud,
        events=events,
        reports=ReportStore(),
        cache=BuildCache(options.state / "cache"),
        directory=options.state / "builds",
        slots=threading.Semaphore(options.max_builds),
        minute_seconds=options.minute_seconds,
        closing=closing,
        gib_megabytes=options.gib_megabytes,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.devtools", description=main.__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 picks a free one")
    parser.add_argument("--state", type=_directory, required=True, help="directory for work and caches")
    parser.add_argument("--ministack", required=True, help="MiniStack's address")
    parser.add_argument(
        "--minute-seconds", type=float, default=60.0, help="what a minute of a time-out lasts"
    )
    parser.add_argument(
        "--gib-megabytes", type=float, default=GIB_MEGABYTES, help="MiB that a GiB of a compute type is here"
    )
    parser.add_argument("--max-builds", type=int, default=max(2, os.cpu_count() or 1), help="builds at once")
    parser.add_argument("--log-level", default="INFO", help="level of the simulator's own log on stderr")
    return parser.parse_args()


def _directory(name: str) -> Path:
    directory = Path(name).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    return directory


if __name__ == "__main__":
    main()
