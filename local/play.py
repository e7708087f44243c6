"""Plays one scenario on the running local cloud, from the first commit to the last proof."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.asking import SECONDS as YOUR_SECONDS
from local.asking import as_answered
from local.circumstances import Direction, Person
from local.errors import ScenarioStuck
from local.own_command import own_command
from local.patience import Patience
from local.people import People
from local.records import Records
from local.repository import Repository, commit_change, make_repository
from local.result import Result, judge, stuck
from local.scenario import About, Scenario
from local.story import Story
from local.subject import Run, Subject
from selfheal.domain.errors import IncidentNotFound, SelfhealError
from selfheal.domain.ledger import LedgerKind

SCENARIO_SECONDS = 600.0  # for slow machines: elsewhere most take less than one minute
SECONDS_PER_RUN = 4.0
SEARCHED = 200
HISTORY_AT_ONCE = 2
DOING = {
    About.BUILD: "building",
    About.PIPELINE: "releasing",
    About.SERVICE: "deploying",
    About.RELEASE: "releasing",
}


@dataclass(frozen=True, slots=True)
class Update:
    """News of a scenario for people: where its incident stands."""

    scenario: str
    state: str
    detail: str = ""


# Sets up what a scenario is about; what it needs meanwhile is entered into the stack.
MakeSubject = Callable[[Scenario, Repository, ExitStack], Subject]


@dataclass(frozen=True, slots=True)
class Theatre:
    """What a scenario is played with. ``directory`` is for its repository; ``stop`` ends it early.

    ``free_name`` gives a name that nothing has yet: the wanted one, or a numbered one.
    """

    free_name: Callable[[str], str]
    subject: MakeSubject
    records: Records
    people: People
    directory: Path
    tell: Callable[[Update], None]
    stop: threading.Event
    where_to_look: str


class Play:
    """One performance of one scenario; its time runs from its making, and is longer the more runs it needs."""

    def __init__(self, scenario: Scenario, theatre: Theatre, seconds: float | None = None) -> None:
        if seconds is None:
            runs = scenario.truth.builds + scenario.truth.deployments
            seconds = SCENARIO_SECONDS + SECONDS_PER_RUN * runs + YOUR_SECONDS * _asks_you(scenario)
        self._scenario = scenario
        self._theatre = theatre
        self._patience = Patience(seconds, theatre.stop, theatre.where_to_look)
        self._incident_id = ""
        self._leading: set[str] = set()
        self._story = Story([])

    def perform(self) -> Result:
        """Play it. A scenario that gets stuck has a result too: what is known, and why it went no further."""
        try:
            with ExitStack() as needed:
                result = self._perform(needed)
        except (ScenarioStuck, SelfhealError, ClientError, BotoCoreError, OSError) as error:
            result = stuck(self._scenario, self._incident_id, self._story, str(error))
        self._tell("as expected" if result.as_expected else "not as expected", "; ".join(result.differences))
        return result

    def _perform(self, needed: ExitStack) -> Result:
        self._tell("preparing")
        scenario, theatre = self._scenario, self._theatre
        project = theatre.free_name(scenario.project)
        later = scenario.circumstances.overtaken
        repository = make_repository(scenario.folder, theatre.directory / project, change_later=later)
        subject = theatre.subject(scenario, repository, needed)
        self._play_history(subject, repository)
        for number in range(scenario.leading):
            self._tell(self._doing, f"{number} of {scenario.leading} runs after the change")
            self._lead(subject, repository)
        overtaking: list[Run] = []

        def overtake() -> None:
            overtaking.append(self._run(subject, commit_change(scenario.folder, repository.path)))

        direction = Direction(scenario.circumstances, theatre.people, theatre.records.approvals, overtake)
        run = self._play_question(subject, repository, direction)
        more = [self._followup(subject, repository, number) for number in range(1, scenario.followups + 1)]
        return judge(
            as_answered(scenario, self._story.answer),
            self._story,
            incident_id=self._incident_id,
            ended_at=run.ended_at,
            counts=subject.counts(),
            more=[
                *filter(None, more),
                *(f"the newer run {late.id} failed" for late in overtaking if not late.succeeded),
                *subject.differences(self._patience),
                *self._other_incidents(subject),
            ],
        )

    def _play_history(self, subject: Subject, repository: Repository) -> None:
        """Runs of the first commit; only when they are scored is the stack quiet and the next one comparable."""
        finished: list[str] = []
        for start in range(0, self._scenario.history, self._at_once):
            self._tell("learning", f"{start} of {self._scenario.history} earlier runs")
            count = min(self._at_once, self._scenario.history - start)
            started = [subject.start(repository.first) for _ in range(count)]
            finished += [subject.wait(each, self._patience).id for each in started]
        self._patience.until("scores of the earlier runs", lambda: self._verdicts(finished))

    def _lead(self, subject: Subject, repository: Repository) -> None:
        """One run before the one in question; where it fails, its incident comes to its end first."""
        leading = self._run(subject, repository.last)
        self._leading.add(leading.incident_id)
        if leading.succeeded:
            self._scored(leading)
        else:
            end = f"an end of the incident of {leading.id}"
            self._patience.until(end, lambda: self._told(leading.incident_id) or None)

    def _play_question(self, subject: Subject, repository: Repository, direction: Direction) -> Run:
        self._tell(self._doing)
        with direction.around(subject.name):
            run = self._run(subject, repository.last)
            self._incident_id = run.incident_id
            self._patience.until(f"an end of the incident of {run.id}", lambda: self._watch(direction))
        return run

    def _watch(self, direction: Direction) -> Story | None:
        """Read the ledger, tell what is new in it, and give the story once it is over."""
        direction.look(self._incident_id, self._story)
        try:
            self._theatre.records.incidents.get(self._incident_id)
        except IncidentNotFound:
            return None
        known = len(self._story.entries)
        self._story = Story(self._theatre.records.ledger.entries(self._incident_id))
        for entry in self._story.entries[known:]:
            self._tell(*self._news(entry.kind))
        return self._story if self._story.over else None

    def _told(self, incident: str) -> bool:
        return Story(self._theatre.records.ledger.entries(incident)).over

    def _verdicts(self, runs: Sequence[str]) -> bool | None:
        """True once the stack has scored them all."""
        known = self._theatre.records.runs.known(runs)
        return all(run in known and known[run].score for run in runs) or None

    def _scored(self, run: Run) -> None:
        """Wait until the stack has come to its verdict, so that the next run is compared with this one as well."""
        self._patience.until(f"the score of {run.id}", lambda: self._verdicts([run.id]))

    def _other_incidents(self, subject: Subject) -> Iterator[str]:
        """Every other incident of the subject is a difference; a leading run may be told by itself, but no shift."""
        for each in self._theatre.records.incidents.recent(SEARCHED):
            expected = each.id in self._leading and not each.score.shift
            if each.run.key in subject.keys and each.id != self._incident_id and not expected:
                yield f"{each.run.run_id} opened an incident as well: {each.kind}"

    def _run(self, subject: Subject, commit: str) -> Run:
        return subject.wait(subject.start(commit), self._patience)

    def _followup(self, subject: Subject, repository: Repository, number: int) -> str:
        """An ordinary run afterwards, as the developer's next one. Gives a difference when it fails."""
        self._tell(f"{self._doing} again", "an ordinary run afterwards")
        run = self._run(subject, repository.last)
        self._scored(run)
        return "" if run.succeeded else f"ordinary run {number} afterwards failed"

    @property
    def _doing(self) -> str:
        return DOING[self._scenario.about]

    @property
    def _at_once(self) -> int:
        """A host takes one deployment at a time."""
        return HISTORY_AT_ONCE if self._scenario.about is About.BUILD else 1

    def _news(self, kind: LedgerKind) -> tuple[str, str]:
        story = self._story
        details = {
            LedgerKind.OPENED: story.kind,
            LedgerKind.DIAGNOSED: story.cause,
            LedgerKind.DECIDED: f"{story.decision} {story.action}",
            LedgerKind.ACTION_INTENDED: story.action,
            LedgerKind.OUTCOME: story.outcome,
        }
        if _asks_you(self._scenario):
            yours = f"answer in another terminal: {own_command()} approve {self._incident_id}"
            details[LedgerKind.APPROVAL_REQUESTED] = yours
        return kind.replace("_", " "), details.get(kind, "")

    def _tell(self, state: str, detail: str = "") -> None:
        self._theatre.tell(Update(self._scenario.name, state, detail))


def _asks_you(scenario: Scenario) -> bool:
    return scenario.circumstances.person is Person.YOU
