"""The register of flaky tests: what counts as evidence, and how sure one can be."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.flaky import FlakyTest, flaky_tests
from selfheal.domain.measurement import Measurement
from selfheal.domain.rate import Rate
from selfheal.domain.run import RunStatus
from selfheal.domain.sighting import Sighting
from selfheal.testing.builders import NOON, SHOP, a_measurement

TEST = "tests/test_cart.py::test_total"


def failed(number: int, commit: str, *tests: str) -> Sighting:
    return Sighting(f"shop:{number}", SHOP, "f", commit, NOON + timedelta(minutes=number), tests or (TEST,))


def ran(number: int, commit: str, status: RunStatus = RunStatus.SUCCEEDED) -> Measurement:
    return a_measurement(
        f"shop:{number}", status, source_version=commit, started_at=NOON + timedelta(minutes=number)
    )


def register(failures: list[Sighting], *runs: Measurement) -> list[FlakyTest]:
    return flaky_tests(failures, {SHOP: runs})


def test_a_test_that_failed_and_passed_on_the_same_commit_is_flaky() -> None:
    (found,) = register([failed(1, "a"), failed(5, "b")], ran(2, "a"), ran(6, "b"), ran(7, "b"))
    assert (found.test, found.pipeline) == (TEST, SHOP)
    assert (found.failed, found.passed, found.commits) == (2, 3, 2)
    assert found.again == Rate(3, 3)
    assert (found.first_seen, found.last_seen) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=5))
    assert found.owner_hint == "tests/test_cart.py"


def test_a_pass_on_another_commit_is_a_fix_and_no_flake() -> None:
    assert register([failed(1, "a")], ran(2, "b")) == []


def test_a_test_that_failed_on_every_attempt_is_not_flaky() -> None:
    assert register([failed(1, "a"), failed(2, "a")], ran(2, "a", RunStatus.FAILED)) == []


def test_a_commit_that_was_attempted_once_says_nothing() -> None:
    (found,) = register([failed(1, "a"), failed(2, "a"), failed(4, "b")], ran(3, "a"))
    assert (found.failed, found.passed, found.commits, found.again) == (2, 1, 1, Rate(1, 2))


def test_a_run_that_failed_otherwise_says_nothing_of_a_test_it_does_not_name() -> None:
    assert register([failed(1, "a"), failed(2, "a", "another")], ran(2, "a", RunStatus.FAILED)) == []


def test_a_run_whose_commit_is_not_known_says_nothing() -> None:
    assert register([failed(1, "")], ran(2, "")) == []


def test_a_run_noted_twice_counts_once() -> None:
    (found,) = register([failed(1, "a"), failed(1, "a")], ran(2, "a"))
    assert found.failed == 1


def test_the_most_often_failed_comes_first() -> None:
    failures = [failed(1, "a", "x.Rare.one"), failed(2, "b"), failed(3, "c")]
    found = register(failures, *(ran(n, commit) for n, commit in ((4, "a"), (5, "b"), (6, "c"))))
    assert [each.test for each in found] == [TEST, "x.Rare.one"]
    assert found[1].owner_hint == "x.Rare"


@pytest.mark.parametrize(
    ("successes", "tries", "low", "high"),
    [(8, 10, 0.490, 0.943), (1, 1, 0.207, 1.0), (0, 10, 0.0, 0.278), (50, 100, 0.404, 0.596)],
)
def test_the_interval_is_wilsons(successes: int, tries: int, low: float, high: float) -> None:
    """Figures of the R function binom::binom.wilson."""
    assert Rate(successes, tries).interval == pytest.approx((low, high), abs=5e-4)


def test_twenty_of_twenty_is_not_yet_nine_tenths() -> None:
    assert Rate(20, 20).lower == pytest.approx(0.8809, abs=1e-4)
    assert Rate(25, 25).lower > 0.9
    assert Rate(0, 0).lower == 0.0


@given(st.integers(1, 500), st.integers(0, 500))
def test_the_bound_lies_below_the_share_and_grows_with_success(tries: int, successes: int) -> None:
    rate = Rate(min(successes, tries), tries)
    assert 0.0 <= rate.lower <= rate.share <= 1.0
    assert Rate(rate.successes + 1, tries + 1).lower >= rate.lower
