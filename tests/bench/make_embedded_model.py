"""Makes the global model that the package carries: ``python tests/bench/make_embedded_model.py``.

Its forest has seen generated runs only, so no text or number of anybody's pipelines is in it. Its references (some
pairs of numbers each) are measured on the development series, because generated tails are not as heavy as real ones:
on the runs as they were, while one run in a hundred around them is odd, for that is how windows are in life. Without
the series they are those of the generated runs. The first model trained on the account's own lake replaces both.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from selfheal.detect import training
from selfheal.detect.features import MIN_SECONDS
from selfheal.detect.model import GlobalModel, dump, load
from selfheal.detect.normal import Oddness
from selfheal.detect.stream import measurement
from tests.bench.streams.development import available, development
from tests.bench.streams.generated import generated
from tests.bench.streams.inject import inject

TARGET = Path(__file__).resolve().parents[2] / "layers/core/selfheal/detect/embedded.model"
MADE = datetime(2026, 11, 24, tzinfo=UTC)
ODD_SHARE = 0.01
# Not those of the benchmarks.
SEEDS = (101, 102)
ALL = 10_000


def ordinary(model: GlobalModel) -> Iterator[Oddness]:
    """The real runs as the model sees them."""
    for seed in SEEDS:
        stream = inject(development(), seed, rate=ODD_SHARE)
        runs = (measurement(run)[0] for run in stream.runs)
        found = training.scored(training.collected(runs, most_runs=ALL), model, MIN_SECONDS, most=ALL)
        yield from (odd for run, odd, _ in found if run.run_id not in stream.labels)


def main() -> None:
    """Train, measure, write, and read back what was written."""
    stream = generated(seed=11, pipelines=60, runs=300)
    odd = stream.labels.keys() | stream.unjudged
    runs = [measurement(run)[0] for run in stream.runs if run["run_id"] not in odd]
    model = training.train(runs, at=MADE)
    if available():
        model = training.measured(model, list(ordinary(model)))
    TARGET.write_bytes(dump(replace(model, version="embedded-1")))
    print(load(TARGET.read_bytes()).scores)


if __name__ == "__main__":
    main()
