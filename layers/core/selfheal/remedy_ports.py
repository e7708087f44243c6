"""What remedies may do to the developer tools, as Protocols. Only execute_action is given all of it.

Every method may raise Throttled, ServiceUnavailable (worth another attempt) or RequestRejected (not).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from selfheal.domain.run import Run


@dataclass(frozen=True, slots=True)
class BuildDetails:
    """What a build was started with and what its project says, as far as remedies ask.

    ``tagged``: the project has the tag that permits healing. ``difference`` names what the build was started with
    that the project alone would not give. ``native_retries_left`` is how often CodeBuild itself will still repeat it.
    ``unapproved_pull_request``: of a pull request that no maintainer had to approve before it was built.
    """

    tagged: bool
    difference: str = ""
    native_retries_left: int = 0
    unapproved_pull_request: bool = False
    environment_type: str = ""
    compute_type: str = ""
    fleet: bool = False
    timeout_minutes: int = 60


@dataclass(frozen=True, slots=True)
class Overrides:
    """In what a new build is to differ from what its project says; nothing else can be changed."""

    no_cache: bool = False
    compute_type: str = ""
    timeout_minutes: int = 0


class Builds(Protocol):
    """What remedies may do to CodeBuild."""

    def details(self, build_id: str) -> BuildDetails:
        """What the build was started with. Raises RunNotFound when it or its project is gone."""

    def started_since(self, project: str, since: datetime) -> list[Run]:
        """The project's builds that started at or after ``since``, newest first (at most 100 are looked at)."""

    def retry(self, build_id: str, token: str) -> str:
        """RetryBuild: the same build again. Gives the new build's id."""

    def drop_cache(self, project: str) -> None:
        """InvalidateProjectCache: later builds begin with an empty cache."""

    def start(self, project: str, source_version: str, overrides: Overrides, token: str) -> str:
        """StartBuild: that commit as the project says, apart from the overrides. Gives the new build's id."""


@dataclass(frozen=True, slots=True)
class StageAttempt:
    """One attempt of a stage of one execution; ``number`` as the execution's events count attempts."""

    pipeline: str
    stage: str
    execution: str
    number: int

    @property
    def run_id(self) -> str:
        """The id of this attempt as a run."""
        return f"{self.pipeline}/{self.stage}/{self.execution}/{self.number}"


@dataclass(frozen=True, slots=True)
class StageDetails:
    """How a stage is set up and how it stands, as far as remedies ask.

    ``structure`` counts the pipeline's changes. ``rolls_back``: stages of this type of pipeline can be rolled back.
    ``on_failure`` is what CodePipeline itself does then (RETRY, ROLLBACK, SKIP, FAIL or nothing), ``native_retries``
    how often it retried the latest execution. ``held``: the way into the stage is closed, for ``hold_reason``.
    """

    tagged: bool
    structure: int
    rolls_back: bool = True
    first: bool = False
    on_failure: str = ""
    native_retries: int = 0
    latest_execution: str = ""
    latest_status: str = ""
    held: bool = False
    hold_reason: str = ""


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of a pipeline: the ``structure`` it was started under, the commit it carries, and who or what
    started it."""

    id: str
    structure: int
    commit: str = ""
    rollback: bool = False
    started_by: str = ""


class Stages(Protocol):
    """What remedies may do to CodePipeline."""

    def of_build(self, pipeline: str, build_id: str) -> StageAttempt | None:
        """The attempt of a stage that ran this build; None when it is not among the pipeline's latest actions."""

    def authors(self, attempt: StageAttempt) -> tuple[str, ...]:
        """Names, addresses and logins of who wrote the commits of that execution, as their sources tell them."""

    def last_attempt(self, attempt: StageAttempt) -> int:
        """The number of the last attempt of that stage in that execution."""

    def at_work(self, attempt: StageAttempt) -> bool:
        """Whether an action of that very attempt is under way, as far as CodePipeline knows."""

    def details(self, pipeline: str, stage: str) -> StageDetails:
        """How the stage stands. Raises RunNotFound when it or its pipeline is gone."""

    def execution(self, pipeline: str, execution: str) -> Execution:
        """One execution. Raises RunNotFound."""

    def succeeded_in(self, pipeline: str, stage: str) -> list[str]:
        """The executions that passed the stage, newest first (at most 100 are looked at), without rollbacks and
        without what a rollback went past."""

    def rolled_back_since(self, pipeline: str, since: datetime) -> list[tuple[str, str]]:
        """The rollbacks that somebody started at or after ``since``, newest first: each execution and its target."""

    def retry(self, attempt: StageAttempt) -> None:
        """RetryStageExecution of the failed actions. CodePipeline refuses it while the stage is at work."""

    def roll_back(self, pipeline: str, stage: str, target: str) -> str:
        """RollbackStage to that execution. Gives the id of the new execution."""

    def hold(self, pipeline: str, stage: str, reason: str) -> None:
        """DisableStageTransition: nothing comes into the stage any more."""

    def release(self, pipeline: str, stage: str) -> None:
        """EnableStageTransition: takes ``hold`` back."""


@dataclass(frozen=True, slots=True)
class DeploymentDetails:
    """A deployment and its group, as far as remedies ask.

    ``platform`` is Server, ECS or Lambda. ``rolls_back_itself``: CodeDeploy takes it back when it fails or is stopped.
    ``rolled_back_by`` is the deployment that took this one back, ``rolls_back`` the one that this one takes back.
    ``latest`` is the last deployment that was tried in the group.
    """

    tagged: bool
    running: bool = False
    failed: bool = False
    stopped: bool = False
    platform: str = "Server"
    rolls_back_itself: bool = False
    rolled_back_by: str = ""
    rolls_back: str = ""
    latest: str = ""


@dataclass(frozen=True, slots=True)
class GoodDeployment:
    """A deployment that succeeded; ``revision`` is the commit, version or checksum of what it deployed."""

    id: str
    revision: str = ""


class Deployments(Protocol):
    """What remedies may do to CodeDeploy. A group is named ``application/group``."""

    def details(self, group: str, deployment: str) -> DeploymentDetails:
        """How a deployment stands. Raises RunNotFound when it or its group is gone."""

    def good_before(self, group: str, deployment: str) -> list[GoodDeployment]:
        """Those before it that succeeded and deployed something else, newest first (of the last 100)."""

    def marked(self, group: str, since: datetime, description: str) -> list[str]:
        """The deployments created at or after ``since`` with that description."""

    def stop(self, deployment: str) -> None:
        """StopDeployment, with the rollback that CodeDeploy makes then. Of one that is over: nothing."""

    def deploy_again(self, group: str, deployment: str, description: str) -> str:
        """CreateDeployment of what that deployment deployed, not taken back by itself. Gives the new one's id."""


class Runbooks(Protocol):
    """What remedies may do to Systems Manager Automation."""

    def start(self, document: str, parameters: Mapping[str, str], token: str) -> str:
        """StartAutomationExecution. Gives the execution's id; the same token and parameters always give the same."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a remedy may know of the incident beside its run. None of it was written by a log or a model.

    ``cause`` is of the closed list. ``ours`` says of the id of a run whether Selfheal started it, ``harmed`` whether
    what it deployed was found to harm users.
    ``actor`` is the name in the initiator of everything that Selfheal starts; ``runbook`` is the document that the
    policy rule names.
    """

    incident_id: str = ""
    actor: str = ""
    runbook: str = ""
    cause: str = ""
    ours: Callable[[str], bool] = lambda run_id: False
    harmed: Callable[[str], bool] = lambda run_id: False


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything that remedies work with."""

    builds: Builds
    stages: Stages
    deployments: Deployments
    runbooks: Runbooks
    case: Case = field(default_factory=Case)
