"""Measurements: what cannot be believed is named, and of two measurements of a run the better one is kept."""

import json
from dataclasses import MISSING, fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.measurement import Measurement, TestTotals, flaws, most_complete, numbers
from selfheal.testing.builders import NOON, a_measurement
from selfheal.wire import decode, encode

FIRST_FIELDS = {"run_id", "pipeline", "status", "started_at", "duration_seconds"}


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"duration_seconds": float("nan")}, "duration_seconds is nan, which is not finite"),
        ({"duration_seconds": -5.0}, "duration_seconds is -5.0, which is negative"),
        ({"queued_seconds": float("inf")}, "queued_seconds is inf, which is not finite"),
        ({"cpu_percent": float("-inf")}, "cpu_percent is -inf, which is not finite"),
        ({"phases": {"BUILD": -0.5}}, "phase:BUILD is -0.5, which is negative"),
        ({"tests": TestTotals(3, -1, 0)}, "tests:failed is -1, which is negative"),
        ({"log_bytes": -1}, "log_bytes is -1, which is negative"),
        ({"duration_seconds": 1e300}, "duration_seconds is 1e+300, which is more than 1e+15"),
        ({"log_bytes": 10**400}, f"log_bytes is {10**400}, which is more than 1e+15"),
        ({"started_at": NOON.replace(tzinfo=None)}, "started_at has no time zone"),
    ],
)
def test_a_number_that_cannot_be_is_named(changes: dict[str, Any], flaw: str) -> None:
    assert flaws(a_measurement(**changes)) == (flaw,)


def test_zero_is_a_duration_and_an_absent_number_is_no_flaw() -> None:
    assert flaws(a_measurement(duration_seconds=0.0, phases={"BUILD": 0.0}, cpu_percent=None)) == ()


@given(st.floats())
def test_whatever_has_no_flaw_survives_the_wire(value: float) -> None:
    measurement = a_measurement(duration_seconds=value)
    if not flaws(measurement):
        document = json.loads(json.dumps(encode(measurement), allow_nan=False))
        assert decode(Measurement, document) == measurement


def test_every_number_of_the_type_is_looked_at() -> None:
    numeric = {f.name for f in fields(Measurement) if "float" in str(f.type) or "int" in str(f.type)}
    ones: dict[str, Any] = dict.fromkeys(numeric - {"phases"}, 1)
    full = a_measurement(**ones, tests=TestTotals(1, 2, 3))
    assert numeric - {"phases"} <= set(numbers(full))
    assert {"phase:INSTALL", "tests:total", "tests:failed", "tests:skipped"} <= set(numbers(full))


def test_a_record_from_before_a_field_was_added_still_decodes() -> None:
    assert {f.name for f in fields(Measurement) if f.default is f.default_factory is MISSING} == FIRST_FIELDS
    oldest = {key: value for key, value in encode(a_measurement()).items() if key in FIRST_FIELDS}
    assert decode(Measurement, oldest).run_id == "shop:1"


def test_of_two_measurements_of_a_run_the_more_complete_one_stays() -> None:
    early, late = a_measurement(missing=("cpu_percent",)), a_measurement(cpu_percent=1.0)
    other = a_measurement("shop:2")
    assert most_complete([early, late, other]) == {"shop:1": late, "shop:2": other}
    assert most_complete([late, other, early]) == {"shop:1": late, "shop:2": other}


def test_of_two_equally_complete_measurements_the_earlier_one_stays() -> None:
    early, late = a_measurement(cpu_percent=1.0), a_measurement(cpu_percent=2.0)
    assert most_complete([early, late]) == {"shop:1": early}
