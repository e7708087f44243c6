"""Flaky: tests that failed and passed on the same commit. Pure; nothing but what runs did is counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from selfheal.domain.measurement import Measurement
from selfheal.domain.rate import Rate
from selfheal.domain.run import PipelineKey, RunStatus
from selfheal.domain.sighting import Sighting


@dataclass(frozen=True, slots=True)
class FlakyTest:
    """A test of one pipeline. ``failed`` and ``passed`` count attempts of the ``commits`` on which it failed and which
    were attempted more than once; ``again`` is how often an attempt passed among those other than the first failed
    one of each commit, so it estimates what a retry is worth."""

    pipeline: PipelineKey
    test: str
    failed: int
    passed: int
    commits: int
    again: Rate
    first_seen: datetime
    last_seen: datetime

    @property
    def owner_hint(self) -> str:
        """Where to look for who owns it: the file or class that the test's name begins with."""
        head, colons, _ = self.test.partition("::")
        return head if colons else self.test.rpartition(".")[0] or self.test


def flaky_tests(
    failures: Iterable[Sighting], runs: Mapping[PipelineKey, Sequence[Measurement]]
) -> list[FlakyTest]:
    """The tests that failed in one attempt of a commit and passed in another, the most often failed first.

    A run that succeeded passed all its tests. A run that failed says nothing of tests that it does not name: they may
    not have been run. A run whose commit is not known says nothing.
    """
    by_test: dict[tuple[PipelineKey, str], dict[str, list[Sighting]]] = defaultdict(lambda: defaultdict(list))
    for sighting in failures:
        for test in sighting.tests if sighting.source_version else ():
            by_test[sighting.pipeline, test][sighting.source_version].append(sighting)
    found = [_flaky(*key, commits, runs.get(key[0], ())) for key, commits in by_test.items()]
    return sorted(
        (each for each in found if each.passed),
        key=lambda each: (-each.failed, str(each.pipeline), each.test),
    )


def _flaky(
    pipeline: PipelineKey, test: str, commits: Mapping[str, Sequence[Sighting]], runs: Sequence[Measurement]
) -> FlakyTest:
    passes = {
        commit: sum(run.source_version == commit and run.status is RunStatus.SUCCEEDED for run in runs)
        for commit in commits
    }
    fails = {commit: len({sighting.run_id for sighting in seen}) for commit, seen in commits.items()}
    tried_again = [commit for commit in commits if fails[commit] + passes[commit] > 1]
    failed, passed = sum(fails[c] for c in tried_again), sum(passes[c] for c in tried_again)
    moments = sorted(sighting.started_at for seen in commits.values() for sighting in seen)
    return FlakyTest(
        pipeline=pipeline,
        test=test,
        failed=failed,
        passed=passed,
        commits=len(tried_again),
        again=Rate(passed, failed + passed - len(tried_again)),
        first_seen=moments[0],
        last_seen=moments[-1],
    )
