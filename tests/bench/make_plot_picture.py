"""Makes docs/pipeline.svg: `selfheal plot` of a generated pipeline that becomes slower for good."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.streams.generated import generated

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = "codebuild:generated-00018"
SEED, PIPELINES, RUNS, SHOWN = 7, 30, 420, 150


def main() -> None:
    """Write the runs of the pipeline to a file and have them drawn."""
    runs = [run for run in generated(SEED, PIPELINES, RUNS).runs if run["pipeline"] == PIPELINE]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(run) + "\n" for run in runs)
        file.flush()
        command: list[str | Path] = [
            Path(sys.executable).with_name("selfheal"),
            "plot",
            PIPELINE,
            "--runs",
            file.name,
        ]
        subprocess.run([*command, "--last", str(SHOWN), "--out", ROOT / "docs" / "pipeline.svg"], check=True)


if __name__ == "__main__":
    main()
