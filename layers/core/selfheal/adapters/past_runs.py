"""The past: whole runs out of the services' own histories."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from selfheal.adapters.calls import Client
from selfheal.adapters.history import CodeBuildHistory, CodeDeployHistory, CodePipelineHistory
from selfheal.domain.run import PipelineKey, Run, Service


class _History(Protocol):
    def runs_since(self, since: datetime) -> Iterator[Run]: ...


class ServicePast:
    """PastRuns of the pipelines that are named, of every pipeline of all three services when none is."""

    def __init__(
        self, codebuild: Client, codepipeline: Client, codedeploy: Client, only: Iterable[PipelineKey] = ()
    ) -> None:
        makers: dict[Service, Callable[[str], _History]] = {
            Service.CODEBUILD: lambda name: CodeBuildHistory(codebuild, name),
            Service.CODEPIPELINE: lambda name: CodePipelineHistory(codepipeline, name),
            Service.CODEDEPLOY: lambda name: CodeDeployHistory(codedeploy, name),
        }
        named = [makers[key.service](key.name) for key in only]
        self._histories = named or [make("") for make in makers.values()]

    def ended_between(self, since: datetime, until: datetime) -> Iterator[Run]:
        """PastRuns. One history after the other."""
        for history in self._histories:
            for run in history.runs_since(since):
                if run.ended_at is not None and since <= run.ended_at < until:
                    yield run
