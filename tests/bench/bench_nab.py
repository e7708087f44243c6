"""Scores detectors on the Numenta Anomaly Benchmark, and checks the scorer against published rows first.

``python tests/bench/bench_nab.py`` reads ``nab/nab.tar.gz`` from the folder SELFHEAL_DATA or ../shared/data.
Exits with 1 if the benchmark's own windowedGaussian does not come out as published.
"""

import sys
import time
from collections.abc import Callable, Sequence

from tests.bench.nab.corpus import Series, archive, corpus
from tests.bench.nab.detectors import bare_forest, own_forest, peaks, silence, windowed_gaussian
from tests.bench.nab.scorer import PROFILES, score_corpus

Detector = Callable[[Sequence[float]], list[float]]
GAUSSIAN = "windowedGaussian"
PUBLISHED = {
    GAUSSIAN: (39.6, 20.9, 47.4),
    "randomCutForest": (51.7, 38.4, 59.7),
    "knncad": (58.0, 43.4, 64.8),
    "numenta": (70.1, 63.1, 74.3),
}
CHECKS: dict[str, Detector] = {"null": silence, GAUSSIAN: windowed_gaussian}
DETECTORS: dict[str, Detector] = {
    "krcf, settings of randomCutForest": bare_forest,
    "the same, peaks of 100": lambda values: peaks(bare_forest(values)),
    "Selfheal, seed 1": own_forest,
    "Selfheal, seed 2": lambda values: own_forest(values, 2),
    "Selfheal, seed 3": lambda values: own_forest(values, 3),
    "Selfheal, seed 1, peaks of 100": lambda values: peaks(own_forest(values)),
    "Selfheal, seed 2, peaks of 100": lambda values: peaks(own_forest(values, 2)),
    "Selfheal, seed 3, peaks of 100": lambda values: peaks(own_forest(values, 3)),
}


def show(name: str, scores: Sequence[float], seconds: float | None = None) -> None:
    """One row: a score by profile, and how long the detector took for the whole corpus."""
    columns = "".join(f"{score:15.1f}" for score in scores)
    print(f"{name:38}{columns}" + (f"{seconds:9.0f}" if seconds is not None else ""), flush=True)


def measured(series: Sequence[Series], detector: Detector) -> tuple[list[float], float]:
    """The detector's scores by profile, and the seconds it took."""
    start = time.perf_counter()
    scores = [detector(each.values) for each in series]
    seconds = time.perf_counter() - start
    return [score_corpus(series, scores, profile).score for profile in PROFILES], seconds


def agrees(scores: Sequence[float], published: Sequence[float]) -> bool:
    """Whether the scores are the published ones, to the digit that is published."""
    return [round(score, 1) for score in scores] == list(published)


def main() -> int:
    """Print the table; 0 if the scorer agrees with what is published."""
    if not archive().exists():
        print(f"skipped: no {archive()} (set SELFHEAL_DATA)")
        return 0
    series = corpus()
    print(f"{'':38}" + "".join(f"{profile.name:>15}" for profile in PROFILES) + f"{'seconds':>9}")
    for name, scores in PUBLISHED.items():
        show(f"{name}, published", scores)
    right = True
    for name, detector in {**CHECKS, **DETECTORS}.items():
        found, seconds = measured(series, detector)
        show(name, found, seconds)
        right = right and (name != GAUSSIAN or agrees(found, PUBLISHED[name]))
    print(f"scorer {'agrees' if right else 'DISAGREES'} with the published {GAUSSIAN} in every profile")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
