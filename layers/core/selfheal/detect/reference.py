"""Reference: the pooled scores of many pipelines, as the share of runs that reach each of them."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

SHARES = (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.007, 0.005, 0.003, 0.002, 0.001, 0.0005)
FEWEST_SCORES = 500
FEWEST_BEYOND = 4
LEAST_SCORE = 1e-6


@dataclass(frozen=True, slots=True)
class Reference:
    """The tail of the pooled scores: ``scores[i]`` is reached by the share ``shares[i]`` of all runs.

    Between two points and beyond the last the logarithm of the share falls in a straight line with that of the score:
    the tails of real scores are about as heavy as that.
    """

    shares: tuple[float, ...]
    scores: tuple[float, ...]

    def p_value(self, score: float) -> float:
        """The share of ordinary runs with at least this score (0 to 1)."""
        if score <= self.scores[0]:
            return 1.0 - (1.0 - self.shares[0]) * max(score, 0.0) / self.scores[0]
        place = min(bisect_left(self.scores, score), len(self.scores) - 1)
        slope = self._slope(place)
        return self.shares[place] * math.exp(slope * (math.log(score) - math.log(self.scores[place])))

    def score_at(self, share: float) -> float:
        """The score that this share of ordinary runs reaches; the inverse of ``p_value`` in the tail."""
        if share >= self.shares[0]:
            return self.scores[0] * (1.0 - share) / (1.0 - self.shares[0])
        place = next((i for i, known in enumerate(self.shares) if known <= share), len(self.shares) - 1)
        return self.scores[place] * math.exp(
            (math.log(share) - math.log(self.shares[place])) / self._slope(place)
        )

    def _slope(self, place: int) -> float:
        low = max(0, place - 1)
        high = low + 1
        rise = math.log(self.scores[high]) - math.log(self.scores[low])
        return (math.log(self.shares[high]) - math.log(self.shares[low])) / max(rise, 1e-3)


def reference_of(scores: Sequence[float]) -> Reference:
    """The reference of pooled scores, of which there must be at least 500 (see TooLittleHistory)."""
    ordered = sorted(scores, reverse=True)
    shares = [share for share in SHARES if share * len(ordered) >= FEWEST_BEYOND]
    found: list[float] = []
    for share in shares:
        score = ordered[int(share * len(ordered))]
        # Strictly rising, or a share could not be told from a score.
        found.append(max(score, LEAST_SCORE, *(before * (1 + 1e-6) for before in found[-1:])))
    return Reference(tuple(shares), tuple(found))
