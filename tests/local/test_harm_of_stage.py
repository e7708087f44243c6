"""The deployed stack: a stage whose release does harm is rolled back to the execution that passed it before."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.clients import client
from local.pipeline_subject import PipelineSubject
from local.records import Records
from local.repository import BRANCH, Repository, make_repository
from local.state import CloudState
from selfheal.domain.run import PipelineKey
from tests.local.bell import Bell, a_bell, harm_of, until

pytestmark = pytest.mark.local

NAME = "demo-release"
DEPLOY = PipelineKey.parse(f"codepipeline:{NAME}/Deploy")
APPSPEC = "version: 0.0\nos: linux\nhooks: {ValidateService: [{location: check.sh, timeout: 300}]}\n"
BUILDSPEC = "version: 0.2\nphases: {build: {commands: [echo built]}}\n"


class Releases:
    """Executions of one pipeline, one commit after the other."""

    def __init__(self, state: CloudState, repository: Repository, stored: Records) -> None:
        self.repository, self.stored = repository, stored
        clients = {name: client(state, name) for name in ("codebuild", "codedeploy", "codepipeline")}
        self.codepipeline = clients["codepipeline"]
        self.subject = PipelineSubject(clients, NAME, repository, {}, native=False)

    def release(self, commit: str) -> str:
        """Gives the run that the stage Deploy is, once it was measured."""
        branch = ["git", "update-ref", f"refs/heads/{BRANCH}", commit]
        subprocess.run(branch, cwd=self.repository.path, check=True)
        run_id = f"{NAME}/Deploy/{self.subject.start(commit)}/1"
        stored = until(f"the measurement of {run_id}", lambda: self.stored.runs.get(run_id))
        assert (stored.measurement.status, stored.measurement.pipeline) == ("SUCCEEDED", DEPLOY)
        return run_id

    def rollback(self) -> str | None:
        """The execution that went back, if there is one."""
        listed = self.codepipeline.list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]
        found = [each for each in listed if each.get("executionType") == "ROLLBACK"]
        assert len(found) <= 1
        return str(found[0]["pipelineExecutionId"]) if found else None


@pytest.fixture
def bell(state: CloudState) -> Iterator[Bell]:
    with a_bell(state, f"{NAME}-5xx") as bell:
        yield bell


@pytest.fixture
def releases(state: CloudState, stored: Records, tmp_path: Path) -> Releases:
    for version in ("base", "change"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "appspec.yml").write_text(APPSPEC)
        (tmp_path / version / "buildspec.yml").write_text(BUILDSPEC)
        (tmp_path / version / "check.sh").write_text(f"#!/bin/sh\nexit 0 # {version}\n")
    return Releases(state, make_repository(tmp_path, tmp_path / "repository"), stored)


def test_a_stage_goes_back_to_the_execution_that_passed_it_before(
    stored: Records, releases: Releases, bell: Bell
) -> None:
    good = releases.release(releases.repository.first)
    harmful = releases.release(releases.repository.last)
    bell.ring()
    execution = until("a rollback", releases.rollback)
    run_id = f"{NAME}/Deploy/{execution}/1"
    measured = until("the measurement of the rollback", lambda: stored.runs.get(run_id))
    assert measured.measurement.rolls_back
    names = {"pipelineName": NAME, "pipelineExecutionId": execution}
    whole = releases.codepipeline.get_pipeline_execution(**names)["pipelineExecution"]
    assert whole["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == good.split("/")[2]
    bell.settle()
    story = harm_of(stored, harmful)
    assert (story.kind, story.decision, story.action) == ("harmful", "act", "roll_back_stage")
    assert story.outcome == "healed"
    bell.ring()
    assert bell.watched() == [], "a rollback is not rolled back"
