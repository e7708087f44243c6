"""The reference: scores become shares of ordinary runs, and the other way round."""

import math
import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from selfheal.detect.reference import Reference, reference_of

rng = random.Random(5)
SCORES = [rng.paretovariate(1.5) for _ in range(20000)]
REFERENCE = reference_of(SCORES)


def test_the_share_of_scores_beyond_a_score_is_its_p_value() -> None:
    for share in (0.5, 0.1, 0.02, 0.01, 0.005, 0.002):
        score = REFERENCE.score_at(share)
        beyond = sum(other >= score for other in SCORES) / len(SCORES)
        assert math.isclose(beyond, share, rel_tol=0.15)


@given(st.floats(min_value=1e-7, max_value=1e6))
def test_a_higher_score_is_never_more_ordinary(score: float) -> None:
    assert 0 <= REFERENCE.p_value(score * 1.1) <= REFERENCE.p_value(score) <= 1


@given(st.floats(min_value=1e-6, max_value=0.999))
def test_share_and_score_are_inverse(share: float) -> None:
    assert math.isclose(REFERENCE.p_value(REFERENCE.score_at(share)), share, rel_tol=1e-6)


def test_equal_scores_make_a_usable_reference() -> None:
    flat = reference_of([0.0] * 600)
    assert flat.p_value(0.0) == 1.0 and flat.p_value(5.0) < 0.001


def test_few_scores_claim_no_rare_shares() -> None:
    assert min(reference_of(SCORES[:600]).shares) >= 0.005
    assert isinstance(reference_of(SCORES[:600]), Reference)


def test_a_reference_rises_strictly_whatever_it_was_made_of() -> None:
    for scores in ([0.0] * 600, [0.0] * 590 + [7.0] * 10, SCORES):
        found = reference_of(scores).scores
        assert all(low < high for low, high in pairwise(found)) and found[0] > 0
