"""A MiniStack and a simulator beside it, as the local cloud runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.processes import Spawned, spawn, stop_all
from local.servers import DEVTOOLS, MINISTACK, SOURCES, start_servers
from local.state import REGION, CloudState, environment
from tests.local.devtools.simulated import until

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
MINUTE_SECONDS = "0.2"
Json = dict[str, Any]


@dataclass(frozen=True)
class LocalCloud:
    """Addresses of MiniStack and of the simulator, and clients for both."""

    ministack_url: str
    devtools_url: str

    def client(self, service: str) -> Any:
        simulated = service in ("codebuild", "codepipeline", "codedeploy", "ssm")
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.devtools_url if simulated else self.ministack_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def control(self, order: Json | None = None) -> Json:
        """Read the event counts, or switch events."""
        data = None if order is None else json.dumps(order).encode()
        with urllib.request.urlopen(f"{self.devtools_url}/_devtools/events", data=data, timeout=60) as reply:
            return dict(json.load(reply))

    def finished(self, build_id: str) -> Json:
        """The build, once its last event is on its way."""
        codebuild = self.client("codebuild")

        def complete() -> Json | None:
            build = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
            return build if build["buildComplete"] else None

        return dict(until(complete))

    def log_of(self, build: Json) -> str:
        logs, place = self.client("logs"), build["logs"]
        reply = logs.get_log_events(
            logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
        )
        return "".join(event["message"] for event in reply["events"])


def start_simulator(state: Path, ministack_url: str) -> tuple[subprocess.Popen[str], str]:
    """Another simulator, on a port that it finds itself, and its address."""
    command = [sys.executable, "-m", "local.devtools", "--port", "0", "--state", str(state)]
    process = subprocess.Popen(
        [*command, "--ministack", ministack_url],
        cwd=SOURCES,
        env={**os.environ, **CREDENTIALS},
        stdout=subprocess.PIPE,
        stderr=(state / "simulator.log").open("w"),
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "ready" in line, (state / "simulator.log").read_text()
    return process, line.split()[-1]


def start_devtools(home: Path, state: CloudState) -> Spawned:
    """The simulator as the local cloud starts it, but with shorter minutes."""
    command = [
        *(sys.executable, "-m", "local.devtools"),
        *("--port", state.devtools_url.rpartition(":")[2]),
        *("--state", str(home)),
        *("--ministack", state.ministack_url),
        *("--minute-seconds", MINUTE_SECONDS),
    ]
    return spawn("devtools", command, environment=environment(state), home=home, directory=SOURCES)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A MiniStack that enforces IAM, whose functions find the simulator by their environment."""
    home = tmp_path_factory.mktemp("cloud")
    servers = (MINISTACK, replace(DEVTOOLS, start=start_devtools))
    try:
        state = start_servers(home, {server.name: 0 for server in servers}, lambda step: None, servers)
        yield LocalCloud(state.ministack_url, state.devtools_url)
    finally:
        stop_all(home)


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Makes a git repository with one commit of the given files (path to content)."""

    def make(files: dict[str, str]) -> Path:
        repository = tmp_path / f"repository-{uuid.uuid4().hex[:8]}"
        repository.mkdir()
        git(repository, "init", "--quiet", "--initial-branch", "main")
        commit_files(repository, files)
        return repository

    return make


def commit_files(repository: Path, files: dict[str, str]) -> str:
    """Commit ``files`` (path to content) and return the commit's id."""
    for name, content in files.items():
        file = repository / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Change")
    return git(repository, "rev-parse", "HEAD")


def git(repository: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
    command = ["git", "-C", str(repository), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def commit() -> Callable[[Path, dict[str, str]], str]:
    return commit_files


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    return until


@pytest.fixture
def simulator() -> Callable[..., tuple[subprocess.Popen[str], str]]:
    """Starts another simulator, for the tests that end it."""
    return start_simulator


@pytest.fixture
def project(cloud: LocalCloud) -> Callable[..., str]:
    """Makes a project of a repository and returns its name."""

    def make(repository: Path, **settings: Any) -> str:
        name = f"shop-{uuid.uuid4().hex[:8]}"
        request = {
            "name": name,
            "source": {"type": "GITHUB", "location": str(repository)},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": "arn:aws:iam::000000000000:role/builder",
            "timeoutInMinutes": 2000,
        }
        cloud.client("codebuild").create_project(**request | settings)
        return name

    return make


@pytest.fixture
def build(cloud: LocalCloud) -> Callable[..., Json]:
    """Starts a build and waits for its end."""

    def run(project_name: str, **overrides: Any) -> Json:
        started = cloud.client("codebuild").start_build(projectName=project_name, **overrides)["build"]
        return cloud.finished(started["id"])

    return run


@pytest.fixture
def receive(cloud: LocalCloud) -> Callable[[str, str], Callable[[], list[Json]]]:
    """Has the events of a detail type sent to a queue, and returns a way to read that queue."""

    def listen(detail_type: str, source: str) -> Callable[[], list[Json]]:
        name, sqs, events = f"events-{uuid.uuid4().hex[:8]}", cloud.client("sqs"), cloud.client("events")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(
            Name=name, EventPattern=json.dumps({"source": [source], "detail-type": [detail_type]})
        )
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

        def read() -> list[Json]:
            bodies: list[Json] = []
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                for message in messages:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    bodies.append(json.loads(message["Body"]))
            return bodies

        return read

    return listen
