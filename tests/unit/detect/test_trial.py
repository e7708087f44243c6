"""Trial: runs made odd, in every way that their numbers allow."""

from random import Random
from typing import Any

from selfheal.detect.trial import made_odd
from selfheal.domain.measurement import Measurement, TestTotals
from selfheal.testing.builders import a_measurement


def kind(before: Measurement, after: Measurement) -> str:
    if after.tests != before.tests:
        assert after.tests and before.tests
        assert before.tests.failed < after.tests.failed <= after.tests.total == before.tests.total
        return "failing tests"
    if after.duration_seconds < before.duration_seconds:
        return "quick"
    slower = [name for name in before.phases if after.phases[name] > before.phases[name]]
    more = sum(after.phases[name] - before.phases[name] for name in slower)
    if slower != list(before.phases):
        assert abs(after.duration_seconds - before.duration_seconds - more) < 1e-6
        return "slow phase"
    return "slow"


def kinds(run: Measurement) -> set[str]:
    return {kind(run, made_odd(run, Random(seed))) for seed in range(40)}


def test_every_kind_of_trouble_that_a_run_can_have_is_tried() -> None:
    plain: dict[str, Any] = {"phases": {}, "tests": None}
    whole: dict[str, Any] = {"phases": {"INSTALL": 10.0, "BUILD": 40.0}, "tests": TestTotals(200, 1, 3)}
    assert kinds(a_measurement(**whole)) == {"slow", "quick", "slow phase", "failing tests"}
    assert kinds(a_measurement(**plain)) == {"slow", "quick"}
    assert kinds(a_measurement(**plain | {"tests": TestTotals(0, 0, 0)})) == {"slow", "quick"}
