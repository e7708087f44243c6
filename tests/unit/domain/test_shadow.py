"""What would have been done while only watching, judged by what really happened to the same commit."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.diagnosis import Cause
from selfheal.domain.experiment import repeats_commit, repeats_plainly
from selfheal.domain.measurement import Measurement
from selfheal.domain.rate import Rate
from selfheal.domain.run import RunStatus
from selfheal.domain.shadow import Judgement, Shadow, ShadowReport, Watched, judge
from selfheal.remedies.registry import catalogue
from selfheal.testing.builders import COMMIT, NOON, a_measurement

FAILED = a_measurement("shop:1", RunStatus.FAILED)
WATCHED = Watched(
    "i",
    FAILED,
    Cause.FLAKY_TEST,
    "retry_build",
    "act",
    NOON + timedelta(minutes=2),
    repeats=True,
    plainly=True,
)


def ran(
    number: int, minute: int, status: RunStatus = RunStatus.SUCCEEDED, commit: str = COMMIT
) -> Measurement:
    started = NOON + timedelta(minutes=minute)
    return a_measurement(f"shop:{number}", status, started_at=started, source_version=commit)


def judged(*runs: Measurement, same: tuple[str, ...] = (), watched: Watched = WATCHED) -> Shadow:
    return judge(watched, [FAILED, *runs], {"shop:1", *same})


def test_an_attempt_of_the_same_commit_that_passed_shows_that_a_retry_was_right_and_came_late() -> None:
    found = judged(ran(2, 62))
    assert (found.judgement, found.seconds_saved) == (Judgement.RIGHT, 3600.0)
    assert found.why == "shop:2 passed on the same commit"


def test_a_person_who_was_quicker_saved_it_himself() -> None:
    assert judged(ran(2, 1)).seconds_saved == 0.0


def test_the_next_attempt_judges_and_no_later_one() -> None:
    found = judged(ran(3, 90), ran(2, 60, RunStatus.FAILED), same=("shop:2",))
    assert (found.judgement, found.seconds_saved) == (Judgement.WRONG, 0.0)


def test_a_failure_of_another_kind_judges_nothing() -> None:
    found = judged(ran(2, 60, RunStatus.FAILED), ran(3, 90))
    assert found.judgement is Judgement.UNKNOWN and found.why == "shop:2 failed in another way"


def test_runs_that_do_not_reach_back_to_the_failed_one_judge_nothing() -> None:
    found = judge(WATCHED, [ran(9, 900)], {"shop:1"})
    assert found.judgement is Judgement.UNKNOWN and found.why.startswith("too many runs came after it")


def test_a_stopped_attempt_is_passed_over() -> None:
    found = judged(ran(2, 60, RunStatus.STOPPED), ran(3, 70, RunStatus.SUPERSEDED), ran(4, 92))
    assert (found.judgement, found.seconds_saved) == (Judgement.RIGHT, 5400.0)


def test_another_commit_judges_nothing() -> None:
    assert judged(ran(2, 60, commit="fixed")).judgement is Judgement.UNKNOWN
    unknown = replace(WATCHED, run=replace(FAILED, source_version=""))
    assert judged(ran(2, 60, commit=""), watched=unknown).judgement is Judgement.UNKNOWN


def test_what_changes_the_surroundings_is_not_refuted_by_an_attempt_that_did_not() -> None:
    bigger = replace(WATCHED, remedy="retry_build_bigger", plainly=False)
    found = judged(ran(2, 60, RunStatus.FAILED), same=("shop:2",), watched=bigger)
    assert found.judgement is Judgement.UNKNOWN
    assert found.why == "shop:2 failed in the same way, but without what retry_build_bigger changes"
    assert judged(ran(2, 60), watched=bigger).judgement is Judgement.RIGHT


def test_what_attempts_no_commit_again_cannot_be_judged_by_one() -> None:
    back = replace(WATCHED, remedy="roll_back_stage", repeats=False, plainly=False)
    assert judged(ran(2, 60), watched=back).judgement is Judgement.UNKNOWN


def test_which_remedies_can_be_judged() -> None:
    repeating = {remedy.id for remedy in catalogue() if repeats_commit(remedy)}
    plainly = {remedy.id for remedy in catalogue() if repeats_plainly(remedy)}
    assert plainly == {"retry_build", "retry_stage", "wait_and_retry"}
    assert repeating == plainly | {"retry_build_bigger", "retry_build_clean", "retry_build_longer"}


@given(st.lists(st.tuples(st.sampled_from(list(Judgement)), st.floats(0, 1e6))))
def test_the_sums_are_those_of_the_parts(parts: list[tuple[Judgement, float]]) -> None:
    shadow = judged(ran(2, 60))
    shadows = tuple(replace(shadow, judgement=j, seconds_saved=seconds) for j, seconds in parts)
    report = ShadowReport(NOON, len(shadows), shadows)
    assert sum(map(report.count, Judgement)) == len(shadows)
    right, wrong = report.count(Judgement.RIGHT), report.count(Judgement.WRONG)
    assert report.rate == Rate(right, right + wrong)
    assert abs(report.saved.total_seconds() - sum(seconds for _, seconds in parts)) < 1
