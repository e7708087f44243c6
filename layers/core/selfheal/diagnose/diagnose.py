"""Diagnosis: why a run failed, or which of its numbers is odd.

Order of trust: what the service says for certain, then signatures on the service's words, the test reports
and the reduced, redacted log, then ``unknown``. A failed test is a genuine failure unless the evidence itself
shows the marks of a flake (a rerun, a race, a timing limit); how often the same fingerprint passed on another
attempt is not looked at here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from selfheal.diagnose import service
from selfheal.diagnose.clean import without_prefix
from selfheal.diagnose.excerpt import excerpt
from selfheal.diagnose.fingerprint import fingerprint
from selfheal.diagnose.markers import CONSEQUENCE, ERROR
from selfheal.diagnose.proof import proof
from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.reduce import FOLDED, failure_index
from selfheal.diagnose.retry_after import seconds_asked_for
from selfheal.diagnose.signatures import Match, Signature, bundled, matches, words_of
from selfheal.diagnose.speakers import without_speakers
from selfheal.diagnose.verdict import best, compares
from selfheal.diagnose.words import CAUSE_WORDS, blame_words
from selfheal.domain.diagnosis import SCORE, Cause, Diagnosis, EvidenceLine, Suspect
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import Run
from selfheal.domain.score import Score
from selfheal.ports import LogLine, TestCase

LOG_BYTES = 96 * 1024
MAX_EVIDENCE = 12
MAX_EVIDENCE_CHARS = 300
_SUMMARY_CHARS = 160
_UNKNOWN_CONFIDENCE = 0.1
_TELLING_WINDOW = 40
_TEST_REPORT_CONFIDENCE = 0.95
_OUTRANKS_TEST_REPORT = 78


def diagnose(
    run: Run,
    kind: IncidentKind,
    score: Score,
    lines: Iterable[LogLine],
    failures: Sequence[TestCase],
    redactor: Redactor,
    signatures: Sequence[Signature] | None = None,
) -> Diagnosis:
    """The diagnosis of one incident. ``lines`` is the raw log; nothing un-redacted comes out.

    ``signatures`` are looked for in the log, the bundled ones unless others are given.
    """
    if kind is IncidentKind.ANOMALOUS:
        return _of_score(score)
    log = excerpt(lines, redactor, max_bytes=LOG_BYTES)
    found = _of_failure(run, log, failures, redactor, bundled() if signatures is None else signatures)
    return replace(found, pipeline=run.pipeline, retry_after_seconds=seconds_asked_for(_close_before(log)))


def _close_before(log: Sequence[LogLine]) -> list[LogLine]:
    """The lines close before the failure, by their numbers in the log: what was folded between them counts."""
    until = log[: failure_index(log) + 1]
    return [line for line in until if line.number > until[-1].number - _TELLING_WINDOW]


def _of_failure(
    run: Run,
    log: Sequence[LogLine],
    failures: Sequence[TestCase],
    redactor: Redactor,
    signatures: Sequence[Signature],
) -> Diagnosis:
    if fact := service.certain(run):
        return _of_fact(run, fact, log, redactor)
    said = [service.text_of(phase) for phase in service.failed_phases(run)]
    words = [LogLine(0, redactor.redact_on_one_line(text)) for text in said]
    found, verdict = _explain(words, log, signatures)
    if failures and (verdict is None or verdict.signature.priority < _OUTRANKS_TEST_REPORT):
        return _of_tests(run, failures, redactor)
    if verdict is None:
        return _unknown(run, words, log)
    return _of_match(run, verdict, [match for match in found if match.signature is verdict.signature], log)


def _explain(
    words: Sequence[LogLine], log: Sequence[LogLine], signatures: Sequence[Signature]
) -> tuple[list[Match], Match | None]:
    """All matches and the best; the service's words stand where the log tells of the failure."""
    failure = max(failure_index(log), 0)
    lines = [*log[:failure], *words, *log[failure:]]
    found, said = _found(signatures, lines)
    return found, best(found, failure + len(words), said)


def _found(
    signatures: Sequence[Signature], lines: Sequence[LogLine]
) -> tuple[list[Match], Sequence[LogLine]]:
    """What matches the lines with or without the names of who speaks in them, and the lines without."""
    found = matches(signatures, lines)
    texts = without_speakers([line.text for line in lines])
    said = [LogLine(line.number, text) for line, text in zip(lines, texts, strict=True)]
    if said == lines:
        return found, lines
    known = {(match.signature.id, match.index) for match in found}
    more = (match for match in matches(signatures, said) if (match.signature.id, match.index) not in known)
    return [*found, *(replace(match, line=lines[match.index]) for match in more)], said


def _of_score(score: Score) -> Diagnosis:
    """The metrics are certain; why they are odd is not claimed."""
    clauses = [blame_words(blame) for blame in score.blame[:MAX_EVIDENCE]]
    whole = f"the run as a whole is unlike its baseline (score {score.value:.3g})"
    told = clauses[0] if clauses else whole
    if score.shift:
        told = f"a new level, not a single odd run: {told}"
    return Diagnosis(
        cause=Cause.UNKNOWN,
        transient=None,
        confidence=1.0,
        source=SCORE,
        fingerprint=fingerprint(Cause.UNKNOWN, SCORE, " ".join(blame.metric for blame in score.blame[:1])),
        summary=_first_upper(told),
        evidence=tuple(EvidenceLine(0, _cut(clause)) for clause in clauses),
    )


def _of_fact(run: Run, fact: service.Fact, log: Sequence[LogLine], redactor: Redactor) -> Diagnosis:
    words = redactor.redact_on_one_line(fact.evidence)
    return Diagnosis(
        cause=fact.cause,
        transient=fact.transient,
        confidence=fact.confidence,
        source="service",
        fingerprint=fingerprint(fact.cause, "service", words),
        summary=_summary(run, fact.cause, words),
        evidence=(EvidenceLine(0, _cut(words)), *_shown(_telling(log, MAX_EVIDENCE - 1))),
        suspect=_suspect(fact.cause, log),
    )


def _suspect(cause: Cause, log: Sequence[LogLine]) -> Suspect:
    """A command that asked for another attempt may still tell what to change for it."""
    if cause is not Cause.INFRA_FLAKE:
        return Suspect.NONE
    blaming = matches(_of_suspects(), log)
    found = best(blaming, failure_index(log))
    return found.signature.suspect if found else Suspect.NONE


def _of_suspects() -> tuple[Signature, ...]:
    return tuple(signature for signature in bundled() if signature.suspect is not Suspect.NONE)


def _of_tests(run: Run, failures: Sequence[TestCase], redactor: Redactor) -> Diagnosis:
    """Flaky only when every failed test shows it: one genuine failure makes another attempt useless."""
    marks = [
        _flaky_mark(redactor.redact_on_one_line(test.name), redactor.redact_on_one_line(test.message))
        for test in failures
    ]
    tests = [LogLine(0, redactor.redact_on_one_line(f"{test.name}: {_headline(test)}")) for test in failures]
    mark = marks[0] if all(marks) else None
    cause = mark.cause if mark else Cause.TEST_FAILURE
    name = redactor.redact_on_one_line(failures[0].name)
    source = f"signature:{mark.id}" if mark else "service"
    return Diagnosis(
        cause=cause,
        transient=mark is not None,
        confidence=mark.confidence if mark else _TEST_REPORT_CONFIDENCE,
        source=source,
        fingerprint=fingerprint(cause, source, name),
        summary=_summary(run, cause, tests[0].text),
        evidence=tuple(_shown(tests[:MAX_EVIDENCE])),
        test=name,
    )


def _headline(test: TestCase) -> str:
    """What a test says first: the assertion; the rest is the framework's account of it."""
    return next((line.strip() for line in test.message.splitlines() if line.strip()), test.status)


def _flaky_mark(name: str, message: str) -> Signature | None:
    """The mark that a test's message bears, or what its name speaks of."""
    said, called = f"{name}: {message}", words_of(name)
    marks = [s for s in bundled() if s.cause is Cause.FLAKY_TEST and not s.lone]
    if any(map(compares, message.splitlines())):
        marks = [mark for mark in marks if not mark.uncompared]
    found = (s for s in marks if s.regex.search(called if s.on_test_name else said))
    return max(found, key=lambda signature: signature.confidence, default=None)


def _of_match(run: Run, verdict: Match, same: Sequence[Match], log: Sequence[LogLine]) -> Diagnosis:
    signature = verdict.signature
    source = f"signature:{signature.id}"
    proven = proof(verdict, same, log)
    lines = [*proven.head, *proven.others, *_telling(log, 4), *(match.line for match in same)]
    chosen = list(dict.fromkeys(lines))[:MAX_EVIDENCE]
    chosen.sort(key=lambda line: (line not in proven.head, line.number))
    return Diagnosis(
        cause=signature.cause,
        transient=signature.transient,
        confidence=signature.confidence,
        source=source,
        fingerprint=fingerprint(signature.cause, source, proven.test or proven.said),
        summary=_summary(run, signature.cause, proven.said),
        evidence=tuple(_shown(chosen)),
        suspect=signature.suspect,
        test=proven.test,
    )


def _unknown(run: Run, words: Sequence[LogLine], log: Sequence[LogLine]) -> Diagnosis:
    evidence = [*words, *_telling(log, 6)]
    key = evidence[-1].text if evidence else str(run.status)
    return Diagnosis(
        cause=Cause.UNKNOWN,
        transient=None,
        confidence=_UNKNOWN_CONFIDENCE,
        source="none",
        fingerprint=fingerprint(Cause.UNKNOWN, "none", key),
        summary=_summary(run, Cause.UNKNOWN, words[0].text if words else ""),
        evidence=tuple(_shown(evidence[:MAX_EVIDENCE])),
    )


def _telling(log: Sequence[LogLine], count: int) -> list[LogLine]:
    """The last lines before the failure, those that speak of an error if there are any."""
    until = log[: failure_index(log) + 1]
    near = [line for line in until[-_TELLING_WINDOW:] if without_prefix(line.text).strip()]
    near = [line for line in near if not line.text.startswith(FOLDED) and not CONSEQUENCE.search(line.text)]
    errors = [line for line in near if ERROR.search(line.text)]
    return (errors or near)[-count:]


def _shown(lines: Sequence[LogLine]) -> list[EvidenceLine]:
    return [EvidenceLine(line.number, _cut(line.text)) for line in lines]


def _summary(run: Run, cause: Cause, line: str) -> str:
    """The cause in plain words, where, and the line that shows it; at most about 300 characters."""
    phase = run.failed_phase
    where = f" in {phase.name}" if phase else ""
    said = without_prefix(line).strip().removeprefix(f"{phase.name}: " if phase else "")
    return _first_upper(CAUSE_WORDS[cause]) + where + (f": {said[:_SUMMARY_CHARS]}" if said else "")


def _cut(text: str) -> str:
    return text.strip()[:MAX_EVIDENCE_CHARS]


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
