"""Makes the global model that the package carries: ``python tests/bench/make_embedded_model.py``.

Its forest has seen generated runs only, so no text or number of anybody's pipelines is in it. Its references (14 pairs
of numbers each) are measured on the development series, because generated tails are not as heavy as real ones; without
the series they are measured on the generated runs. The first model trained on the account's own lake replaces both.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from selfheal.detect import training
from selfheal.detect.model import dump, load
from selfheal.detect.stream import measurement
from tests.bench.streams.development import available, development
from tests.bench.streams.generated import generated
from tests.bench.streams.stream import RunDict

TARGET = Path(__file__).resolve().parents[2] / "layers/core/selfheal/detect/embedded.model"
MADE = datetime(2026, 11, 24, tzinfo=UTC)


def main() -> None:
    """Train, measure, write, and read back what was written."""
    stream = generated(seed=11, pipelines=60, runs=300)
    odd = stream.labels.keys() | stream.unjudged
    runs: list[RunDict] = [run for run in stream.runs if run["run_id"] not in odd]
    model = training.train((measurement(run)[0] for run in runs), at=MADE)
    if available():
        real = (measurement(run)[0] for run in development())
        scores, magnitudes = training.references(real, model, most_runs=4000)
        model = replace(model, scores=scores, magnitudes=magnitudes)
    TARGET.write_bytes(dump(replace(model, version="embedded-1")))
    print(load(TARGET.read_bytes()).scores)


if __name__ == "__main__":
    main()
