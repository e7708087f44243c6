"""The artifact of the global model: what fits comes back as it was, what does not is refused with the reason."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfheal.detect import model as module
from selfheal.detect.forest import isolation, revived
from selfheal.detect.model import FORMAT, artifact_of, dump, embedded_model, load
from selfheal.domain.errors import ModelRefused

ARTIFACT = dump(embedded_model())


def changed(**fields: object) -> bytes:
    """The artifact with other fields, signed as if it had been written so."""
    head, _, forest = ARTIFACT[len(FORMAT) :].partition(b"\n")
    return artifact_of({**json.loads(head), **fields}, forest)


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
        (changed(scores=[[0.5, 1.0]]), "scores: a reference needs at least 2 points"),
        (changed(scores=[[0.5, float("nan")], [0.3, 2.0]]), "scores: must rise"),
        (changed(scores=[[0.5, 0.0], [0.3, 2.0]]), "scores: must rise"),
        (changed(scores=[[0.5, 1.0], [0.3, float("inf")]]), "scores: must rise"),
        (changed(magnitudes=[[0.5, 3.0], [0.3, 1.0]]), "magnitudes: must rise"),
        (changed(magnitudes=[[1.0, 3.0], [0.3, 4.0]]), "magnitudes: must rise"),
        (changed(magnitudes=[[0.3, 3.0], [0.5, 4.0]]), "magnitudes: must rise"),
        (changed(scores=[[0.5, 10**400], [0.3, 2.0]]), "is damaged"),
        (changed(runs=float("inf")), "is damaged"),
        (FORMAT + b"[" * 200_000 + b"\n", "is not JSON"),
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
def test_one_changed_byte_never_loads_as_another_model(place: int, by: int) -> None:
    spoilt = bytearray(ARTIFACT)
    spoilt[place] = (spoilt[place] + by) % 256
    try:
        found = load(bytes(spoilt))
    except ModelRefused:
        return
    assert found == embedded_model()


def test_a_changed_digit_of_a_threshold_is_damage() -> None:
    digit = ARTIFACT.index(f"{embedded_model().scores.scores[-1]}".encode())
    with pytest.raises(ModelRefused, match="sha256"):
        load(ARTIFACT[:digit] + b"9" + ARTIFACT[digit + 1 :])


def test_a_model_without_its_forest_still_scores_by_magnitude() -> None:
    from selfheal.detect.detector import Detector
    from tests.unit.detect.test_detector import PAST, run

    broken = replace(embedded_model(), forest=b"no forest")
    odd, usual = (Detector(broken).score(run(200, seconds), PAST) for seconds in (900.0, 300.0))
    assert odd.detector == usual.detector == "magnitude"
    assert odd.level != "none" and usual.level == "none" and odd.blame[0].metric == "duration"
