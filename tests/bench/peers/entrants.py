"""Entrants: every peer by name, and what it is given of a contest."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from tests.bench.contest import Contest
from tests.bench.ours import own_vectors
from tests.bench.peers import charts, forests
from tests.bench.peers.vectors import Point, log_points, z_points

MEDIAN_MAD = "median/MAD, log total"
EWMA = "EWMA, log total"
CHARTS = (MEDIAN_MAD, EWMA)


@dataclass
class Entry:
    """A contest with its runs as points, each kind made once. ``own``: the features of Selfheal's detector."""

    contest: Contest

    @cached_property
    def logs(self) -> list[Point]:
        """Plain values on the log scale."""
        return log_points(self.contest.stream.runs)

    @cached_property
    def z(self) -> list[Point]:
        """Robust z of each metric."""
        return z_points(self.contest.stream.runs)

    @cached_property
    def own(self) -> list[Point]:
        """Selfheal's own features."""
        runs = self.contest.stream.runs
        return [Point(run["pipeline"], vector) for run, vector in zip(runs, own_vectors(runs), strict=True)]


PEERS: dict[str, Callable[[Entry], list[float]]] = {
    "chance": lambda entry: forests.noise(entry.logs),
    MEDIAN_MAD: lambda entry: charts.best_chart(entry.contest, charts.MedianMad),
    EWMA: lambda entry: charts.best_chart(entry.contest, charts.Ewma),
    "largest |z|": lambda entry: [max(map(abs, point.values)) for point in entry.z],
    "isolation forest, logs": lambda entry: forests.isolation_scores(entry.logs),
    "isolation forest, z": lambda entry: forests.isolation_scores(entry.z),
    "isolation forest, our features": lambda entry: forests.isolation_scores(entry.own),
    "isolation forest, our features, shared": lambda entry: forests.isolation_scores(entry.own, False, 500),
    "half-space trees, z": lambda entry: forests.half_space_scores(entry.z),
    "half-space trees, our features": lambda entry: forests.half_space_scores(entry.own),
    "bare krcf, logs": lambda entry: forests.krcf_scores(entry.logs),
    "bare krcf, z": lambda entry: forests.krcf_scores(entry.z),
    "bare krcf, our features": lambda entry: forests.krcf_scores(entry.own),
    "rrcf, our features": lambda entry: forests.rrcf_scores(entry.own),
}
SLOW = ("rrcf, our features",)
"""A hundred points a second, or fewer: takes part on request."""
