"""Diagnosis of a log about which nothing else is known: no phases, no codes, no test reports."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from selfheal.diagnose.clean import clean, without_prefix
from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.markers import FAILURE, SUCCESS
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.signatures import Signature
from selfheal.domain.diagnosis import Diagnosis, EvidenceLine
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import PipelineKey, Run, RunRef, RunStatus, Service
from selfheal.domain.score import Level, Score
from selfheal.ports import LogLine

_UNSCORED = Score(value=0.0, ready=False, level=Level.NONE)
_END = 12
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_SOME_RUN = Run(
    RunRef(PipelineKey(Service.CODEBUILD, "log"), "log:1"), RunStatus.FAILED, _SOME_TIME, _SOME_TIME
)


def diagnose_log(text: str, signatures: Sequence[Signature] | None = None) -> Diagnosis:
    """The diagnosis of a failed run's log; everything in it is redacted.

    ``signatures`` are the bundled ones unless others are given. Where the log itself says that the run passed,
    its complaints explain nothing: the cause is unknown.
    """
    lines = [LogLine(number, line) for number, line in enumerate(text.split("\n"), 1)]
    if _says_it_passed(lines):
        lines = []
    return diagnose(_SOME_RUN, IncidentKind.FAILED, _UNSCORED, lines, [], Redactor(), signatures)


def quoted(diagnosis: Diagnosis, text: str) -> Diagnosis:
    """The same with evidence that stands in ``text`` letter by letter, for programs that compare the two."""
    raw = text.split("\n")
    evidence = (EvidenceLine(line.line, quote(line.text, raw[line.line - 1])) for line in diagnosis.evidence)
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


def _says_it_passed(lines: Sequence[LogLine]) -> bool:
    """Whether a build system reports success at the end and nowhere a failure."""
    texts = [without_prefix(clean(line.text)) for line in lines]
    return any(map(SUCCESS.search, texts[-_END:])) and not any(map(FAILURE.search, texts))
