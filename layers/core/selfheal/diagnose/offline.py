"""Diagnosis of a log about which nothing else is known: no phases, no codes, no test reports."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from selfheal.diagnose.clean import clean_line, without_prefix
from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.linear import compiled
from selfheal.diagnose.markers import ERROR, FAILURE, SIGNAL, SUCCEEDED, SUCCESS
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.signatures import Signature
from selfheal.diagnose.speakers import speaker_of, without_speakers
from selfheal.domain.diagnosis import Diagnosis, EvidenceLine
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.domain.score import Level, Score
from selfheal.ports import LogLine

_UNSCORED = Score(value=0.0, ready=False, level=Level.NONE)
_END = 12
_MOST_TROUBLED = 2
_FAILS = compiled(
    r"(?i:\bfail(?:s|ed|ing|ure)?\b|\bnot (?:ok|met|reached)\b|\bexit(?:ed)? (?:with |status |code:? ?)+[1-9])"
    r"|\*\*\* |^[✖✗❌]"
)
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_SOME_RUN = Run(
    RunRef(PipelineKey(Service.CODEBUILD, "log"), "log:1"), RunStatus.FAILED, _SOME_TIME, _SOME_TIME
)


def diagnose_log(text: str, signatures: Sequence[Signature] | None = None) -> Diagnosis:
    """The same as ``diagnose_lines`` of a log that is there as a whole."""
    return diagnose_lines(text.split("\n"), signatures)


def diagnose_lines(lines: Iterable[str], signatures: Sequence[Signature] | None = None) -> Diagnosis:
    """The diagnosis of a failed run's log; everything in it is redacted. Holds little of the log, however long it is.

    ``signatures`` are the bundled ones unless others are given. Where the log itself says that the run passed,
    its complaints explain nothing: the cause is unknown.
    """
    ending = _Ending()
    found = _diagnosis(ending.watched(lines), signatures)
    return _diagnosis([], signatures) if ending.says_it_passed() else found


def _diagnosis(lines: Iterable[LogLine], signatures: Sequence[Signature] | None) -> Diagnosis:
    return diagnose(_SOME_RUN, IncidentKind.FAILED, _UNSCORED, lines, [], Redactor(), signatures)


def quoted(diagnosis: Diagnosis, lines: Iterable[str]) -> Diagnosis:
    """The same with evidence that stands in the log's ``lines`` letter by letter, for programs that compare the two."""
    cited = {line.line for line in diagnosis.evidence}
    raw = {number: line for number, line in enumerate(lines, 1) if number in cited}
    evidence = (EvidenceLine(line.line, quote(line.text, raw[line.line])) for line in diagnosis.evidence)
    return replace(diagnosis, evidence=tuple(line for line in evidence if line.text))


def quote(shown: str, raw: str) -> str:
    """The longest part of ``shown`` that stands in ``raw``; empty when they have nothing in common.

    Terminal codes in the middle of a line, letters that cleaning replaced and redacted values tear a line apart.
    """
    start, longest = 0, ""
    for end in range(1, len(shown) + 1):
        while shown[start:end] not in raw:
            start += 1
        longest = max(longest, shown[start:end], key=len)
    return longest.strip()


class _Ending:
    """Watches a log go by: what its last lines say, whether a failure was reported before, and who spoke of trouble."""

    def __init__(self) -> None:
        self._last: deque[str] = deque(maxlen=_END)
        self._failed = False
        self._troubled: set[str] = set()

    def watched(self, lines: Iterable[str]) -> Iterator[LogLine]:
        for number, line in enumerate(lines, 1):
            self._last.append(line)
            if not self._failed and SIGNAL.search(shown := clean_line(line)) is not None:
                self._failed = FAILURE.search(without_prefix(shown)) is not None
                if len(self._troubled) < _MOST_TROUBLED:
                    self._troubled.add(speaker_of(shown))
            yield LogLine(number, line)

    def says_it_passed(self) -> bool:
        """Whether a build system, or the tool that spoke last, reports success at the end and nobody a failure.

        Where several speak, the success of one says nothing of the trouble of others.
        """
        if self._failed:
            return False
        lines = [clean_line(line) for line in self._last]
        last = [without_prefix(line) for line in without_speakers(lines)]
        place = next((n for n, line in enumerate(last) if SUCCESS.search(line)), _good_end(last))
        if place is None:
            return False
        named = last[place] != without_prefix(lines[place])
        return not named or self._troubled <= {speaker_of(lines[place])}


def _good_end(last: Sequence[str]) -> int | None:
    """Where a tool's success is the last word about how it went; a line that tells of an error is a word too."""
    for place, line in reversed(list(enumerate(last))):
        if SUCCEEDED.search(line):
            return place
        if ERROR.search(line) or _FAILS.search(line):
            return None
    return None
