"""A MiniStack and a simulator beside it, as the local cloud runs them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).parents[3]
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
START_SECONDS = 30
END_SECONDS = 30
Json = dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], seconds: float = END_SECONDS) -> Any:
    """The first true value of ``condition``; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.05)
    return value


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except OSError:
        return False


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
        with urllib.request.urlopen(f"{self.devtools_url}/_devtools/events", data=data, timeout=5) as reply:
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


def start_simulator(port: int, state: Path, ministack_url: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.devtools", "--port", str(port), "--state", str(state)]
    process = subprocess.Popen(
        [*command, "--ministack", ministack_url, *options],
        cwd=ROOT,
        env={**os.environ, **CREDENTIALS},
        stdout=subprocess.PIPE,
        stderr=(state / "simulator.log").open("w"),
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "ready" in line, (state / "simulator.log").read_text()
    return process


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A MiniStack that enforces IAM, whose functions find the simulator by their environment."""
    directory = tmp_path_factory.mktemp("cloud")
    here = LocalCloud(f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}")
    environment = {
        **os.environ,
        **CREDENTIALS,
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "GATEWAY_PORT": here.ministack_url.rpartition(":")[2],
        "AWS_ENDPOINT_URL": here.ministack_url,
        **{
            f"AWS_ENDPOINT_URL_{name}": here.devtools_url
            for name in ("CODEBUILD", "CODEPIPELINE", "CODEDEPLOY", "SSM")
        },
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with (directory / "ministack.log").open("w") as log:
        ministack = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log, cwd=directory
        )
    running: list[subprocess.Popen[Any]] = [ministack]
    try:
        until(lambda: answers(f"{here.ministack_url}/_ministack/health"), START_SECONDS)
        port = int(here.devtools_url.rpartition(":")[2])
        running.insert(0, start_simulator(port, directory, here.ministack_url, "--minute-seconds", "0.2"))
        yield here
    finally:
        for process in running:
            process.terminate()
            process.wait(timeout=30)


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
def simulator() -> Callable[..., subprocess.Popen[str]]:
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
            "timeoutInMinutes": 100,
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
