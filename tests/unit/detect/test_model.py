"""The artifact of the global model: what fits comes back as it was, what does not is refused with the reason."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfheal.detect import model as module
from selfheal.detect.forest import isolation, revived
from selfheal.detect.model import FORMAT, dump, embedded_model, load
from selfheal.domain.errors import ModelRefused

ARTIFACT = dump(embedded_model())


def changed(**fields: object) -> bytes:
    head, _, forest = ARTIFACT[len(FORMAT) :].partition(b"\n")
    return FORMAT + json.dumps({**json.loads(head), **fields}).encode() + b"\n" + forest


def test_a_model_comes_back_as_it_was() -> None:
    again = load(ARTIFACT)
    assert again == embedded_model()
    point = [0.0] * 9
    assert isolation(revived(again.forest), point) == isolation(revived(embedded_model().forest), point)


@pytest.mark.parametrize(
    ("artifact", "reason"),
    [
        (b"", "does not begin like a model"),
        (b"PK\x03\x04", "does not begin like a model"),
        (FORMAT + b"{", "is not JSON"),
        (FORMAT + b"[]\nx", "is damaged"),
        (changed(features_version="0"), "features_version: the artifact has '0', this code needs '1'"),
        (changed(features=["duration"]), "features: the artifact has"),
        (changed(library="rrcf 0.4.4"), "library: the artifact has 'rrcf 0.4'"),
        (changed(trained_at="yesterday"), "is damaged"),
        (changed(scores=[]), "is damaged"),
        (ARTIFACT[:-1], "sha256"),
        (ARTIFACT[:-1] + b"\x00", "sha256"),
    ],
)
def test_an_artifact_that_does_not_fit_is_refused_with_the_reason(artifact: bytes, reason: str) -> None:
    with pytest.raises(ModelRefused, match=reason.replace("[", r"\[")):
        load(artifact)


def test_a_forest_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_BYTES", 1000)
    with pytest.raises(ModelRefused, match="larger than 1000 bytes"):
        load(ARTIFACT)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(ARTIFACT) - 1), st.integers(1, 255))
def test_one_changed_byte_never_loads_as_another_forest(place: int, by: int) -> None:
    spoilt = bytearray(ARTIFACT)
    spoilt[place] = (spoilt[place] + by) % 256
    try:
        found = load(bytes(spoilt))
    except ModelRefused:
        return
    assert found.forest == embedded_model().forest


def test_a_model_without_its_forest_still_scores_by_magnitude() -> None:
    from selfheal.detect.detector import Detector
    from tests.unit.detect.test_detector import PAST, run

    broken = replace(embedded_model(), forest=b"no forest")
    odd, usual = (Detector(broken).score(run(200, seconds), PAST) for seconds in (900.0, 300.0))
    assert odd.detector == usual.detector == "magnitude"
    assert odd.level != "none" and usual.level == "none" and odd.blame[0].metric == "duration"
