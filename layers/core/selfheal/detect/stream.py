"""Stream: scores runs one after another without a table, an account or a lake; what `selfheal score` stands on."""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from selfheal.detect.detector import WINDOW, Detector
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.measurement import LARGEST, Measurement, TestTotals, flaws
from selfheal.domain.run import PipelineKey, RunStatus, Service
from selfheal.domain.score import Level, Score

KEPT = 2 * WINDOW
OTHER_WORDS = {"SUCCESS": "SUCCEEDED", "FAILURE": "FAILED", "CANCELLED": "STOPPED", "CANCELED": "STOPPED"}
_Place = tuple[datetime, str]


@dataclass(slots=True)
class _Past:
    """The last runs of one pipeline in order of their start; a run that comes twice is there once."""

    places: list[_Place] = field(default_factory=list)
    runs: dict[_Place, Measurement] = field(default_factory=dict)

    def before(self, run: Measurement) -> list[Measurement]:
        end = bisect_left(self.places, (run.started_at, run.run_id))
        return [self.runs[place] for place in reversed(self.places[max(0, end - WINDOW) : end])]

    def add(self, run: Measurement) -> None:
        place = (run.started_at, run.run_id)
        if place not in self.runs:
            self.places.insert(bisect_left(self.places, place), place)
        self.runs[place] = run
        if len(self.places) > KEPT:
            del self.runs[self.places.pop(0)]


class StreamScorer:
    """Scores the runs of any number of pipelines; holds the last 512 runs of each."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._past: dict[str, _Past] = {}

    def score(self, document: object) -> dict[str, Any]:
        """The score of one run, as JSON; the run is then part of its pipeline's past.

        ``document``: see docs/detection.md. A run that comes late is compared with those that started before it; one
        that comes twice gets the same score again. Raises InvalidEvent, which names the field, for a run that
        cannot be read or believed; such a run leaves no trace.
        """
        run, name = measurement(document)
        past = self._past.setdefault(name, _Past())
        score = self._detector.score(run, past.before(run))
        past.add(run)
        return document_of(run.run_id, name, score)

    def remember(self, document: object) -> None:
        """Make a run part of its pipeline's past without scoring it. Raises InvalidEvent as ``score`` does."""
        run, name = measurement(document)
        self._past.setdefault(name, _Past()).add(run)


def document_of(run_id: str, pipeline: str, score: Score) -> dict[str, Any]:
    """A score as `selfheal score` prints it."""
    return {
        "run_id": run_id,
        "pipeline": pipeline,
        "state": "ready" if score.ready else "warming",
        "score": round(score.value, 6),
        "p_value": float(f"{score.p_value:.6g}"),
        "anomalous": score.level is not Level.NONE,
        "level": score.level.value,
        "blame": [{name: _rounded(value) for name, value in asdict(blame).items()} for blame in score.blame],
        "shift": score.shift,
        "detector": score.detector,
    }


def measurement(document: object) -> tuple[Measurement, str]:
    """A run of the JSON Lines format and its pipeline as it is called there. Raises InvalidEvent."""
    if not isinstance(document, Mapping):
        raise InvalidEvent("run", f"must be a JSON object, not {type(document).__name__}")
    pipeline = _text(document, "pipeline")
    run = Measurement(
        run_id=_text(document, "run_id"),
        pipeline=_key(pipeline),
        status=_status(document),
        started_at=_moment(document),
        duration_seconds=_number(document, "duration_s"),
        phases=_phases(document),
        tests=_tests(document),
        cpu_percent=_optional(document, "cpu_percent"),
        memory_percent=_optional(document, "memory_percent"),
    )
    if found := flaws(run):
        named_as_here = "; ".join(found).replace("duration_seconds", "duration_s")
        raise InvalidEvent("run", f"{run.run_id} cannot be believed: {named_as_here}")
    return run, pipeline


def _rounded(value: str | float) -> str | float:
    return value if isinstance(value, str) else round(value, 4)


def _key(pipeline: str) -> PipelineKey:
    try:
        return PipelineKey.parse(pipeline)
    except InvalidEvent:
        return PipelineKey(Service.CODEBUILD, pipeline)


def _text(document: Mapping[str, Any], field_name: str) -> str:
    value = document.get(field_name)
    if field_name not in document:
        raise InvalidEvent(field_name, "is missing; it must be text")
    if not isinstance(value, str) or not value:
        raise InvalidEvent(field_name, f"must be text that is not empty, not {value!r}")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise InvalidEvent(field_name, f"must be Unicode text; {value!r} holds half a character")
    return value


def _status(document: Mapping[str, Any]) -> RunStatus:
    word = _text(document, "status").upper()
    word = OTHER_WORDS.get(word, word)
    if word not in set(RunStatus) or not RunStatus(word).terminal:
        raise InvalidEvent(
            "status",
            f"{document['status']!r} is none of SUCCEEDED, FAILED, FAULT, TIMED_OUT, STOPPED, SUPERSEDED",
        )
    return RunStatus(word)


def _moment(document: Mapping[str, Any]) -> datetime:
    """A time without a zone is taken for UTC: files that people make often lack it."""
    text = _text(document, "started_at")
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidEvent("started_at", f"{text!r} is not a time in ISO 8601") from None


def _number(document: Mapping[str, Any], field_name: str, where: str = "") -> float:
    value = document.get(field_name)
    if field_name not in document:
        raise InvalidEvent(f"{where}{field_name}", "is missing; it must be a number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidEvent(f"{where}{field_name}", f"must be a number, not {value!r}")
    if LARGEST < abs(value) < math.inf:  # a whole number may be more than a float can hold
        raise InvalidEvent(f"{where}{field_name}", f"must be at most {LARGEST:g}")
    return float(value)


def _optional(document: Mapping[str, Any], field_name: str) -> float | None:
    return None if document.get(field_name) is None else _number(document, field_name)


def _phases(document: Mapping[str, Any]) -> dict[str, float]:
    found = document.get("phases")
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise InvalidEvent("phases", "must be an object of seconds by name")
    return {name: _number(found, name, "phases.") for name, seconds in found.items() if seconds is not None}


def _tests(document: Mapping[str, Any]) -> TestTotals | None:
    found = document.get("tests")
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise InvalidEvent("tests", "must be an object with total, failed and skipped")
    counts = [_count(found, name) for name in ("total", "failed", "skipped")]
    return TestTotals(*counts)


def _count(found: Mapping[str, Any], name: str) -> int:
    """A count that is not there is 0."""
    value = _number(found, name, "tests.") if found.get(name) is not None else 0.0
    if not value.is_integer():
        raise InvalidEvent(f"tests.{name}", f"must be a whole number, not {value!r}")
    return int(value)
