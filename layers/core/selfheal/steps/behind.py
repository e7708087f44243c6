"""behind: who is behind a run, as the services tell it. In a protected pipeline none of them may approve."""

from dataclasses import dataclass

from selfheal.domain.errors import ActionRefused, RunNotFound
from selfheal.domain.run import Run
from selfheal.remedies.stages import attempt_of
from selfheal.remedy_ports import Tools

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Behind:
    """Who started a run, and names, addresses and logins of who wrote its commit."""

    started_by: str
    authors: tuple[str, ...] = ()


def behind(run: Run, tools: Tools) -> Behind:
    """Of a build inside a pipeline CodePipeline knows both. Nobody is known as the author of what belongs to no stage:
    CodeBuild and CodeDeploy tell none."""
    try:
        attempt = attempt_of(run, tools)
        execution = tools.stages.execution(attempt.pipeline, attempt.execution)
        told = tools.stages.authors(attempt)
    except (ActionRefused, RunNotFound):
        return Behind(run.initiator)
    # Git takes any text for a name, so what people are shown of it is one line that ends.
    authors = ("".join(filter(str.isprintable, each))[:LONGEST_NAME] for each in told)
    return Behind(execution.started_by or run.initiator, tuple(authors))
