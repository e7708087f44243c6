"""Plays one scenario on the running local cloud, from the first commit to the last proof."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.dependencies import serve
from local.developer import Build, Developer
from local.errors import ScenarioStuck
from local.patience import Patience
from local.records import Records
from local.repository import Repository, make_repository
from local.result import Result, judge, stuck
from local.scenario import Scenario
from local.story import Story
from selfheal.domain.errors import IncidentNotFound, SelfhealError
from selfheal.domain.incident import incident_id
from selfheal.domain.ledger import LedgerKind
from selfheal.domain.run import PipelineKey, Service

SCENARIO_SECONDS = 90.0
SECONDS_PER_BUILD = 4.0
SEARCHED = 200
HISTORY_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Update:
    """News of a scenario for people: where its incident stands."""

    scenario: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Theatre:
    """What a scenario is played with. ``directory`` is for its repository; ``stop`` ends it early."""

    developer: Developer
    records: Records
    directory: Path
    tell: Callable[[Update], None]
    stop: threading.Event
    where_to_look: str


class Play:
    """One performance of one scenario; its time runs from its making, and is longer the more builds it needs."""

    def __init__(self, scenario: Scenario, theatre: Theatre, seconds: float | None = None) -> None:
        if seconds is None:
            seconds = SCENARIO_SECONDS + SECONDS_PER_BUILD * scenario.truth.builds
        self._scenario = scenario
        self._theatre = theatre
        self._patience = Patience(seconds, theatre.stop, theatre.where_to_look)
        self._incident_id = ""
        self._leading: set[str] = set()
        self._story = Story([])

    def perform(self) -> Result:
        """Play it. A scenario that gets stuck has a result too: what is known, and why it went no further."""
        try:
            with ExitStack() as servers:
                result = self._perform(servers)
        except (ScenarioStuck, SelfhealError, ClientError, BotoCoreError) as error:
            result = stuck(self._scenario, self._incident_id, self._story, str(error))
        self._tell("as expected" if result.as_expected else "not as expected", "; ".join(result.differences))
        return result

    def _perform(self, servers: ExitStack) -> Result:
        self._tell("preparing")
        project = self._theatre.developer.free_name(self._scenario.project)
        repository = make_repository(self._scenario.folder, self._theatre.directory / project)
        self._create_project(project, repository, servers)
        self._build_history(project, repository)
        for number in range(self._scenario.leading):
            self._tell("building", f"{number} of {self._scenario.leading} builds after the change")
            leading = self._build(project, repository.last)
            self._scored(leading)
            self._leading.add(incident_id(leading.id))
        self._tell("building")
        run = self._build(project, repository.last)
        self._incident_id = incident_id(run.id)
        self._patience.until(f"an end of the incident of {run.id}", self._watch)
        more = [
            self._followup(project, repository, number) for number in range(1, self._scenario.followups + 1)
        ]
        return judge(
            self._scenario,
            self._story,
            incident_id=self._incident_id,
            ended_at=run.ended_at,
            builds=self._theatre.developer.builds_of(project),
            more=[*filter(None, more), *self._other_incidents(project)],
        )

    def _create_project(self, project: str, repository: Repository, servers: ExitStack) -> None:
        variables: dict[str, str] = {}
        needed = self._scenario.dependency
        if needed:
            variables[needed.variable] = servers.enter_context(serve(needed.kind))
        self._theatre.developer.create_project(
            project, repository.path, variables, cache=self._scenario.cache
        )

    def _build_history(self, project: str, repository: Repository) -> None:
        """Builds of the first commit; only when they are scored is the stack quiet and the next one comparable."""
        finished: list[str] = []
        for start in range(0, self._scenario.history, HISTORY_AT_ONCE):
            self._tell("learning", f"{start} of {self._scenario.history} earlier builds")
            count = min(HISTORY_AT_ONCE, self._scenario.history - start)
            started = [self._theatre.developer.build(project, repository.first) for _ in range(count)]
            finished += [self._theatre.developer.wait(build, self._patience).id for build in started]
        self._patience.until("scores of the earlier builds", lambda: self._verdicts(finished))

    def _verdicts(self, builds: Sequence[str]) -> bool | None:
        """True once the stack has scored them all."""
        known = self._theatre.records.runs.known(builds)
        return all(build in known and known[build].score for build in builds) or None

    def _scored(self, build: Build) -> None:
        """Wait until the stack has come to its verdict, so that the next build is compared with this one as well."""
        self._patience.until(f"the score of {build.id}", lambda: self._verdicts([build.id]))

    def _other_incidents(self, project: str) -> list[str]:
        """Every other incident of the project is a difference; a leading build may be odd by itself, but no shift."""
        key = PipelineKey(Service.CODEBUILD, project)
        return [
            f"{each.run.run_id} opened an incident as well: {each.kind}"
            for each in self._theatre.records.incidents.recent(SEARCHED)
            if each.run.key == key
            and each.id != self._incident_id
            and (each.id not in self._leading or each.score.shift)
        ]

    def _build(self, project: str, commit: str) -> Build:
        developer = self._theatre.developer
        return developer.wait(developer.build(project, commit), self._patience)

    def _watch(self) -> Story | None:
        """Read the ledger, tell what is new in it, and give the story once it is over."""
        try:
            self._theatre.records.incidents.get(self._incident_id)
        except IncidentNotFound:
            return None
        known = len(self._story.entries)
        self._story = Story(self._theatre.records.ledger.entries(self._incident_id))
        for entry in self._story.entries[known:]:
            self._tell(*_news(entry.kind, self._story))
        return self._story if self._story.over else None

    def _followup(self, project: str, repository: Repository, number: int) -> str:
        """An ordinary build afterwards, as the developer's next one. Gives a difference when it fails."""
        self._tell("building again", "an ordinary build afterwards")
        build = self._build(project, repository.last)
        self._scored(build)
        return (
            "" if build.status == "SUCCEEDED" else f"ordinary build {number} afterwards ended {build.status}"
        )

    def _tell(self, state: str, detail: str = "") -> None:
        self._theatre.tell(Update(self._scenario.name, state, detail))


def _news(kind: LedgerKind, story: Story) -> tuple[str, str]:
    details = {
        LedgerKind.OPENED: story.kind,
        LedgerKind.DIAGNOSED: story.cause,
        LedgerKind.DECIDED: f"{story.decision} {story.action}",
        LedgerKind.ACTION_INTENDED: story.action,
        LedgerKind.OUTCOME: story.outcome,
    }
    return kind.replace("_", " "), details.get(kind, "")
