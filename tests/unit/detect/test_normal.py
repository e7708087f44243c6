"""Normal: how much a pipeline's own forest has to say beside the global one."""

import math

import pytest

from selfheal.detect import forest
from selfheal.detect.model import embedded_model
from selfheal.detect.normal import Normal
from selfheal.detect.window import magnitude
from selfheal.testing.builders import a_measurement

SHARED, OWN = 1.0, 3.0


@pytest.mark.parametrize(("runs", "isolation"), [(5, 1.0), (9, 1.0), (10, 1 + 2 / 7), (60, 2.0), (180, 2.5)])
def test_the_own_forest_counts_n_in_n_and_60_from_ten_runs_on(
    monkeypatch: pytest.MonkeyPatch, runs: int, isolation: float
) -> None:
    shared = forest.revived(embedded_model().forest)
    monkeypatch.setattr(forest, "isolation", lambda asked, _: SHARED if asked is shared else OWN)
    present = [a_measurement(f"shop:{n}", duration_seconds=300.0 + n % 7) for n in range(runs)]
    odd = Normal(present, embedded_model(), 10.0).oddness(a_measurement(duration_seconds=900.0))
    assert math.isclose(odd.raw, isolation * magnitude(odd.features)) and odd.detector == "forest"
