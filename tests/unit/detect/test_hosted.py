"""The hosted model's thresholds as an artifact, and scores with a forest that is asked elsewhere."""

from dataclasses import replace

import pytest

from selfheal.detect import hosted as hosted_module
from selfheal.detect.detector import Detector
from selfheal.detect.hosted import Hosted, dump_hosted, load_hosted
from selfheal.detect.model import dump, embedded_model
from selfheal.domain.errors import ForestUnavailable, ModelRefused
from selfheal.domain.measurement import Measurement
from selfheal.testing.builders import a_measurement
from selfheal.testing.models import a_hosted_model

MODEL = a_hosted_model()


def runs(count: int = 40) -> list[Measurement]:
    return [a_measurement(f"shop:{n}", duration_seconds=100.0 + n % 7) for n in range(count)]


SLOW = a_measurement("shop:slow", duration_seconds=900.0)


def test_thresholds_can_be_stored_and_read() -> None:
    assert load_hosted(dump_hosted(MODEL)) == MODEL


def test_an_artifact_of_other_features_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = dump_hosted(MODEL)
    monkeypatch.setattr(hosted_module, "FEATURES_VERSION", "2")
    with pytest.raises(ModelRefused, match=r"^features_version: the artifact has '1', this code needs '2'"):
        load_hosted(artifact)


def test_an_embedded_artifact_is_no_hosted_one() -> None:
    with pytest.raises(ModelRefused, match=r"^library: "):
        load_hosted(dump(embedded_model()))


@pytest.mark.parametrize("unit", [0.0, -1.0, float("nan"), float("inf")])
def test_a_unit_that_cannot_be_is_refused(unit: float) -> None:
    with pytest.raises(ModelRefused, match="unit: must be above 0"):
        load_hosted(dump_hosted(replace(MODEL, unit=unit)))


def test_a_changed_threshold_is_found_out() -> None:
    artifact = dump_hosted(MODEL).replace(b'"unit": 0.5', b'"unit": 0.6')
    with pytest.raises(ModelRefused, match=r"^sha256: "):
        load_hosted(artifact)


def test_the_endpoint_takes_the_place_of_the_global_forest() -> None:
    asked: list[float] = []
    detector = Detector(embedded_model(), hosted=Hosted(MODEL, lambda vector: asked.append(vector[0]) or 2.0))  # type: ignore[func-returns-value]
    score = detector.score(SLOW, runs())
    assert (score.detector, score.model, len(asked)) == ("endpoint", "h1", 1)
    assert score.p_value == MODEL.scores.p_value(score.value)
    assert score.blame[0].metric == "duration"


def test_what_the_endpoint_says_counts_by_its_unit() -> None:
    def with_answer(answer: float, unit: float) -> float:
        hosted = Hosted(replace(MODEL, unit=unit), lambda _: answer)
        return Detector(embedded_model(), hosted=hosted).score(SLOW, runs()).value

    assert with_answer(2.0, 0.5) == with_answer(1.0, 1.0) != with_answer(2.0, 1.0)


def test_an_endpoint_that_does_not_answer_leaves_the_score_to_the_embedded_forest() -> None:
    def down(_: object) -> float:
        raise ForestUnavailable("it is down")

    score = Detector(embedded_model(), hosted=Hosted(MODEL, down)).score(SLOW, runs())
    assert score == Detector(embedded_model()).score(SLOW, runs())
    assert (score.detector, score.model) == ("forest", embedded_model().version)


def test_an_endpoint_is_not_asked_while_the_pipeline_is_too_young() -> None:
    def never(_: object) -> float:
        raise AssertionError("nobody should ask")

    assert Detector(embedded_model(), hosted=Hosted(MODEL, never)).score(SLOW, runs(4)).ready is False
