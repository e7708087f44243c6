"""A pipeline whose actions' end the test decides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from local.devtools.codepipeline import CodePipeline
from local.devtools.executions import ActionExecution, Execution, Failure, Revision
from tests.local.devtools.simulated import WAIT_SECONDS, Bus, Client, Json, until

STAGE_EVENT, PIPELINE_EVENT = (
    f"CodePipeline {level} Execution State Change" for level in ("Stage", "Pipeline")
)


def action(name: str, category: str, provider: str, run_order: int = 1, **configuration: str) -> Json:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": configuration, "runOrder": run_order}


def declaration(**settings: Any) -> Json:
    source = action("Checkout", "Source", "CodeCommit", RepositoryName="/srv/shop", BranchName="main")
    builds = [action(name, "Build", "CodeBuild", ProjectName=name) for name in ("unit", "lint")]
    deploy = action("Release", "Deploy", "CodeDeploy", ApplicationName="shop", DeploymentGroupName="live")
    more = {"onFailure": settings.pop("on_failure")} if "on_failure" in settings else {}
    return {
        "name": "shop",
        "roleArn": "arn:aws:iam::000000000000:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": [
            {"name": "Source", "actions": [source]},
            {"name": "Build", "actions": builds},
            {"name": "Deploy", "actions": [deploy], **more},
        ],
        "pipelineType": "V2",
        **settings,
    }


class Pipeline(Client):
    """A pipeline whose actions fail while their name is in ``broken`` and wait while ``held`` is not set."""

    def __init__(self) -> None:
        self.bus, self.broken, self.held = Bus(), set[str](), threading.Event()
        self.held.set()
        self.ran: list[str] = []
        self.commits = 0
        runners: dict[str, Callable[[Execution, ActionExecution], Failure | None]] = {
            "CodeCommit": self._check_out,
            "CodeBuild": self._work,
            "CodeDeploy": self._work,
        }
        super().__init__("codepipeline", CodePipeline(runners, self.bus.publisher))

    def create(self, **settings: Any) -> None:
        self.call("CreatePipeline", pipeline=declaration(**settings))

    def begin(self) -> str:
        return str(self.call("StartPipelineExecution", name="shop")["pipelineExecutionId"])

    def run(self) -> str:
        execution = self.begin()
        self.wait(execution)
        return execution

    def wait(self, execution: str) -> str:
        return str(until(lambda: self._ended(execution)))

    def detail(self, execution: str) -> Json:
        reply = self.call("GetPipelineExecution", pipelineName="shop", pipelineExecutionId=execution)
        return dict(reply["pipelineExecution"])

    def stage(self, name: str) -> Json:
        states = self.call("GetPipelineState", name="shop")["stageStates"]
        return dict(next(state for state in states if state["stageName"] == name))

    def retry(self, execution: str, stage: str = "Deploy", mode: str = "FAILED_ACTIONS") -> str:
        names = {"pipelineName": "shop", "stageName": stage, "pipelineExecutionId": execution}
        return str(self.call("RetryStageExecution", **names, retryMode=mode)["pipelineExecutionId"])

    def roll_back(self, target: str, stage: str = "Deploy") -> str:
        names = {"pipelineName": "shop", "stageName": stage, "targetPipelineExecutionId": target}
        return str(self.call("RollbackStage", **names)["pipelineExecutionId"])

    def summaries(self, **wanted: Any) -> list[Json]:
        return list(
            self.call("ListPipelineExecutions", pipelineName="shop", **wanted)["pipelineExecutionSummaries"]
        )

    def states_of(self, execution: str, stage: str) -> list[tuple[str, float]]:
        events = [
            e for e in self.bus.of(STAGE_EVENT) if (e["execution-id"], e["stage"]) == (execution, stage)
        ]
        return [(event["state"], event["pipeline-execution-attempt"]) for event in events]

    def _ended(self, execution: str) -> str:
        status = str(self.detail(execution)["status"])
        return "" if status == "InProgress" else status

    def _check_out(self, execution: Execution, run: ActionExecution) -> None:
        self.commits += 1
        execution.found(Revision(run.name, "/srv/shop", f"commit-{self.commits}"))

    def _work(self, execution: Execution, run: ActionExecution) -> Failure | None:
        self.ran.append(run.name)
        assert self.held.wait(WAIT_SECONDS)
        return ("JobFailed", f"{run.name} is broken") if run.name in self.broken else None
