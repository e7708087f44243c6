"""Rate: a share of successes with how sure one can be of it."""

from dataclasses import dataclass
from math import sqrt

ONE_SIDED_95 = 1.6448536269514722
TWO_SIDED_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Rate:
    """``successes`` out of ``tries``."""

    successes: int
    tries: int

    @property
    def share(self) -> float:
        """The share itself; 0 when nothing was tried."""
        return self.successes / self.tries if self.tries else 0.0

    @property
    def lower(self) -> float:
        """What the true share exceeds with 95 % confidence (Wilson's one-sided score bound); 0 without tries."""
        return self._bounds(ONE_SIDED_95)[0]

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies with 95 % confidence (Wilson's score interval)."""
        return self._bounds(TWO_SIDED_95)

    def _bounds(self, z: float) -> tuple[float, float]:
        """E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927)."""
        n, p = self.tries, self.share
        if not n:
            return 0.0, 1.0
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)
