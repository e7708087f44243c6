"""examine_run: what a failed run has to say, gathered and explained. Shared by all that ask why a run failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from selfheal.diagnose.diagnose import diagnose
from selfheal.diagnose.redact import Redactor
from selfheal.domain.diagnosis import Diagnosis
from selfheal.domain.incident import IncidentKind
from selfheal.domain.run import Run
from selfheal.domain.score import Score
from selfheal.domain.sighting import Sighting
from selfheal.ports import FailureMemory, LogReader, RunReader, RunStore, TestCase, TestReports
from selfheal.steps.build_log import read_log

FAILURES = 20


@dataclass(frozen=True, slots=True)
class Examined:
    """A diagnosis with what it does not say itself: the tests that failed (redacted), and why the log could not be read
    (redacted; empty when it could)."""

    diagnosis: Diagnosis
    tests: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Examiner:
    """Examines runs, and notes each failure for those that come after it."""

    reader: RunReader
    logs: LogReader
    runs: RunStore
    reports: TestReports
    failures: FailureMemory

    def examine(self, run: Run, kind: IncidentKind, score: Score) -> Examined:
        """Everything in the answer is redacted."""
        redactor = Redactor(run.secrets)
        lines, trouble = read_log(run, redactor, logs=self.logs, reader=self.reader, runs=self.runs)
        cases = self.reports.failures(run.report_arns, FAILURES) if run.report_arns else []
        diagnosis = diagnose(run, kind, score, lines, cases, redactor)
        return Examined(diagnosis, _names(diagnosis, cases, redactor), redactor.redact(trouble))

    def note(self, run: Run, examined: Examined) -> None:
        """Remember how the run failed, under the fingerprint that the next failure of the kind will have."""
        of = run.ref
        self.failures.remember(
            Sighting(
                of.run_id,
                of.key,
                examined.diagnosis.fingerprint,
                run.source_version,
                run.started_at,
                examined.tests,
            )
        )


def _names(diagnosis: Diagnosis, cases: Sequence[TestCase], redactor: Redactor) -> tuple[str, ...]:
    """Of the test reports, or the one that the log names; a report may name a test more than once."""
    reported = [redactor.redact_on_one_line(case.name) for case in cases]
    return tuple(dict.fromkeys(name for name in reported or [diagnosis.test] if name))
