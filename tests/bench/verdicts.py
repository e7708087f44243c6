"""What the detector's own verdicts were worth: alarms at a budget, blame, level shifts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from selfheal.detect.alarm import level_of
from selfheal.detect.reference import reference_of
from selfheal.domain.score import Level
from tests.bench.contest import Contest
from tests.bench.measures import false_alarms_per_thousand, recall, shift_delay
from tests.bench.ours import Verdict
from tests.bench.streams.stream import Stream, by_pipeline

BUDGETS = (2.0, 5.0, 10.0)
AFTER_SHIFT = 100


@dataclass(frozen=True, slots=True)
class Alarms:
    """``alarmed``: of every run of the stream. The false ones per 1,000 normal runs; the share of odd runs caught."""

    alarmed: list[bool]
    false_per_thousand: float
    recall: float


@dataclass(frozen=True, slots=True)
class Blames:
    """Odd runs with an alarm: how many, how many whose first blame was right, and both where one metric is right."""

    blamed: int
    right: int
    single: int
    single_right: int


@dataclass(frozen=True, slots=True)
class Shift:
    """Runs until a level shift was announced or alarmed on (None: never), and alarms in the 100 runs after it."""

    delay: int | None
    alarm_check: int


def is_alarm(verdict: Verdict, budget: float) -> bool:
    """Whether the verdict is an alarm at that budget: the product's own rule, applied to what it said of the run."""
    ready = verdict["state"] == "ready"
    level = level_of(verdict["p_value"], budget, bool(verdict["blame"]), verdict["shift"])
    return ready and level is not Level.NONE


def alarms_at(contest: Contest, found: Sequence[Verdict], budget: float) -> Alarms:
    """The alarms of our detector at a budget of false alarms per 1,000 runs."""
    alarmed = [is_alarm(verdict, budget) for verdict in found]
    judged = contest.of(alarmed)
    return Alarms(alarmed, false_alarms_per_thousand(judged, contest.odd), recall(judged, contest.odd))


def calibrated_abroad(contest: Contest, found: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts with the p-values that they would have if only the other pipelines had been there to learn from.

    The references of the model that the package carries were measured on the development series, so its own p-values
    there are not those of unseen pipelines; these are.
    """
    untouched: dict[str, list[float]] = defaultdict(list)
    for place, is_odd in zip(contest.places, contest.odd, strict=True):
        if not is_odd:
            untouched[found[place]["pipeline"]].append(found[place]["score"])
    references = {
        verdict["pipeline"]: reference_of(
            [score for other, scores in untouched.items() if other != verdict["pipeline"] for score in scores]
        )
        for verdict in {each["pipeline"]: each for each in found}.values()
    }
    return [{**each, "p_value": references[each["pipeline"]].p_value(each["score"])} for each in found]


def blames(contest: Contest, found: Sequence[Verdict], budget: float = 5.0) -> Blames:
    """Whether the metric blamed first is one that was made odd, over the odd runs with an alarm."""
    counts = [0, 0, 0, 0]
    for place, is_odd in zip(contest.places, contest.odd, strict=True):
        if is_odd and is_alarm(found[place], budget):
            label = contest.label(place)
            right = found[place]["blame"][0]["metric"] in label.metrics
            counts[0] += 1
            counts[1] += right
            counts[2] += label.single
            counts[3] += right and label.single
    return Blames(*counts)


def shifts_seen(stream: Stream, found: Sequence[Verdict], budget: float = 5.0) -> list[Shift]:
    """How each level shift of the stream was met."""
    verdict = {run["run_id"]: each for run, each in zip(stream.runs, found, strict=True)}
    seen = []
    for runs in by_pipeline(stream.runs).values():
        ids = [run["run_id"] for run in runs]
        for first in (place for place, run_id in enumerate(ids) if run_id in stream.shifts):
            after = [verdict[run_id] for run_id in ids[first : first + AFTER_SHIFT]]
            alarms = [is_alarm(each, budget) for each in after]
            announced = [each["shift"] for each in after]
            seen.append(Shift(shift_delay(announced), sum(alarms)))
    return seen
