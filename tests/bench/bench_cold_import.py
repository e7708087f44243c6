"""Cold start of each function against a bare handler, side by side: what the layers of this project cost.

    python tests/bench/bench_cold_import.py [--rounds N]

Every sample is a fresh process. `import` is the time until the handler exists; `ready` adds making every
port that the handler uses, AWS clients included. The bare handler imports Powertools' Logger and boto3,
and makes clients of the same services. Samples of both are taken in turn. Prints medians in milliseconds of
processor time, which a busy machine changes little, and the ratio function / bare of `ready`. Both run from the
built layer, which carries no bytecode, and neither may write any: Lambda's /opt is read-only too, so
every cold start compiles. boto3's bytecode is there, as it is in Lambda.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "selfheal",
    "POWERTOOLS_METRICS_NAMESPACE": "Selfheal",
    "SELFHEAL_TABLE": "table",
    "SELFHEAL_LAKE_BUCKET": "bucket",
    "SELFHEAL_BUS": "bus",
    "SELFHEAL_INTAKE_QUEUE_URL": "https://queue.example.com/1/intake",
    "SELFHEAL_TOPIC_ARN": "arn:aws:sns:us-east-1:111122223333:topic",
    "SELFHEAL_MODE": "act",
    "SELFHEAL_POLICY": "default",
    "SELFHEAL_MODEL_ID": "global.anthropic.claude-haiku-5-5",
    "SELFHEAL_FALLBACK_MODEL_ID": "",
    "SELFHEAL_ALERT_BUDGET": "5",
    "SELFHEAL_ANOMALY_MIN_SECONDS": "10",
    "SELFHEAL_PIPELINE_METRICS": "all",
    "SELFHEAL_MODEL_BUDGET_TABLE": "budgets",
    "SELFHEAL_MODEL_TOKENS_PER_INCIDENT": "12000",
    "SELFHEAL_MODEL_TOKENS_PER_DAY": "500000",
    "SELFHEAL_RECONCILE_MINUTES": "15",
    "SELFHEAL_ACTOR": "execute-action",
    "SELFHEAL_ACCOUNT": "111122223333",
    "SELFHEAL_STACK": "selfheal",
    "SELFHEAL_CONTROL_TABLE": "control",
    "SELFHEAL_LEDGER_BUCKET": "ledger",
    "SELFHEAL_APPROVAL_SECONDS": "86400",
    "PYTHONDONTWRITEBYTECODE": "1",
}

# Only a stack with SageMaker has it; its settings would have others make clients that they do without.
HOSTING = {
    "promote_model": {
        "SELFHEAL_ENDPOINT": "selfheal-forest",
        "SELFHEAL_ENDPOINT_INSTANCE": "ml.c5.large",
        "SELFHEAL_ENDPOINT_ALARMS": "errors,slow",
        "SELFHEAL_HOSTING_ROLE": "arn:aws:iam::111122223333:role/hosting",
        "SELFHEAL_PACKAGE_GROUP": "selfheal-forest",
        "SELFHEAL_TRAINING_PIPELINE": "selfheal-training",
    }
}

FUNCTION = """
import json, sys, time
start = time.process_time()
sys.path.insert(0, {folder!r})
import app
imported = time.process_time()
from selfheal.runtime import runtime
for port in {ports!r}:
    if port == "detector":  # without asking the bucket which model serves: there is no bucket here
        from selfheal.detect.model import embedded_model
        embedded_model(), runtime.models
    else:
        getattr(runtime, port)
if "reader" in {ports!r}:
    runtime._clients("codebuild")
ready = time.process_time()
print(json.dumps([imported - start, ready - start, sorted(runtime._clients._made)]))
"""

BARE = """
import json, time
start = time.process_time()
from aws_lambda_powertools import Logger
import boto3
logger = Logger()
def handler(event, context): return None
imported = time.process_time()
clients = [boto3.client(service) for service in {services!r}]
print(json.dumps([imported - start, time.process_time() - start, []]))
"""


NOT_PORTS = {"settings", "policy", "look_back", "actor", "context"}


def sample(script: str, function: str = "") -> tuple[float, float, list[str]]:
    """Milliseconds until imported and until ready in a fresh process, and the services of its clients."""
    settings = ENVIRONMENT | HOSTING.get(function, {})
    done = subprocess.run(
        [sys.executable, "-c", script], env=settings, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{function or 'the bare handler'}: {done.stderr}")
    imported, ready, services = json.loads(done.stdout.splitlines()[-1])
    return imported * 1000, ready * 1000, services


def measure(function: Path, rounds: int) -> dict[str, object]:
    """Medians of one function and of the bare handler that makes the same clients."""
    ports = sorted(set(re.findall(r"runtime\.(\w+)", (function / "app.py").read_text())) - NOT_PORTS)
    script = FUNCTION.format(folder=str(function), ports=ports)
    services = sample(script, function.name)[2]
    bare_script = BARE.format(services=services)
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(sample(script, function.name)[:2])
        bare.append(sample(bare_script)[:2])
    import_ms, ready_ms = (statistics.median(times) for times in zip(*ours, strict=True))
    bare_import_ms, bare_ready_ms = (statistics.median(times) for times in zip(*bare, strict=True))
    return {
        "function": function.name,
        "clients": len(services),
        "import_ms": round(import_ms, 1),
        "ready_ms": round(ready_ms, 1),
        "bare_import_ms": round(bare_import_ms, 1),
        "bare_ready_ms": round(bare_ready_ms, 1),
        "ratio": round(ready_ms / bare_ready_ms, 2),
    }


def main() -> None:
    """Measure every function and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--layer", type=Path, default=ROOT / ".local/build/CoreLayer/python")
    options = parser.parse_args()
    if not (options.layer / "selfheal").is_dir():
        raise SystemExit(
            f"{options.layer} is not a built layer: run `make local-up` first, or name one by --layer"
        )
    policies = options.layer.parents[1] / "PolicyLayer/python"
    ENVIRONMENT["PYTHONPATH"] = f"{options.layer}:{policies}"
    columns = ("function", "clients", "import_ms", "ready_ms", "bare_import_ms", "bare_ready_ms", "ratio")
    print("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns))
    for function in sorted((ROOT / "functions").iterdir()):
        if (function / "app.py").exists():
            row = measure(function, options.rounds)
            print("| " + " | ".join(str(row[column]) for column in columns) + " |", flush=True)


if __name__ == "__main__":
    main()
