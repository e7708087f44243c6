"""Where scenarios are set up: the developer tools and the metrics of a running local cloud."""

from contextlib import ExitStack, suppress
from pathlib import Path
from string import Template
from typing import Any

from local.build_subject import BuildSubject
from local.clients import client
from local.dependencies import provide
from local.developer import Developer
from local.errors import ScenarioStuck
from local.pipeline_subject import PipelineSubject, ReleaseSubject
from local.repository import BRANCH, Repository
from local.scenario import About, Scenario
from local.service_subject import ServiceSubject
from local.state import CloudState
from local.subject import Subject

HOSTS = Path("devtools") / "deployments" / "hosts"
SERVICES = ("codebuild", "codepipeline", "codedeploy", "cloudwatch", "ssm")
RUNBOOK = "runbook.yml"


class Workplace:
    """Makes what scenarios are about, below ``home``, the local cloud's directory."""

    def __init__(self, state: CloudState, home: Path) -> None:
        self._clients: dict[str, Any] = {name: client(state, name) for name in SERVICES}
        self._developer = Developer(self._clients["codebuild"])
        self._home = home

    @property
    def repositories(self) -> Path:
        """Where the scenarios' repositories are."""
        return self._home / "repositories"

    def free_name(self, wanted: str) -> str:
        """The wanted name, numbered when a project or a repository has it already."""
        candidate, number = wanted, 2
        while self._developer.free_name(candidate) != candidate or (self.repositories / candidate).exists():
            candidate, number = f"{wanted}-{number}", number + 1
        return candidate

    def subject(self, scenario: Scenario, repository: Repository, needed: ExitStack) -> Subject:
        """Set up what a scenario is about; its name is that of its repository's directory."""
        name = repository.path.name
        if scenario.about is About.SERVICE:
            return ServiceSubject(self._clients, scenario.project, repository, self._home / HOSTS, needed)
        if scenario.about is About.RELEASE and name != scenario.project:
            raise ScenarioStuck(f"{scenario.project} is there already, and the policy watches no other one")
        if scenario.about is About.RELEASE:
            return ReleaseSubject(self._clients, name, repository, self._home / HOSTS, needed)
        variables: dict[str, str] = {}
        if scenario.dependency:
            variables[scenario.dependency.variable] = needed.enter_context(provide(scenario.dependency.kind))
        if scenario.runbook:
            self._create_runbook(scenario, variables)
        if scenario.about is About.PIPELINE:
            return PipelineSubject(self._clients, name, repository, variables, native=scenario.native)
        self._developer.create_project(
            name, repository.path, variables, cache=scenario.cache, minutes=scenario.minutes
        )
        version = BRANCH if scenario.circumstances.overtaken else ""
        return BuildSubject(self._developer, name, version)

    def _create_runbook(self, scenario: Scenario, variables: dict[str, str]) -> None:
        """Make the scenario's document anew; where what it mends is, it is told in place of ``${VARIABLE}``."""
        ssm = self._clients["ssm"]
        with suppress(ssm.exceptions.InvalidDocument):
            ssm.delete_document(Name=scenario.runbook)
        content = Template((scenario.folder / RUNBOOK).read_text()).substitute(variables)
        ssm.create_document(
            Name=scenario.runbook, Content=content, DocumentType="Automation", DocumentFormat="YAML"
        )
