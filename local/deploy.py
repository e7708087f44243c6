"""The real `sam build` and `sam deploy`, aimed at the local cloud."""

import os
import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from local.clients import client
from local.errors import LocalCloudError
from local.processes import Spawned, spawn, wait_until_done
from local.state import CloudState, environment

ROOT = Path(__file__).parent.parent
CONFIGURATION = ("--config-file", str(ROOT / "samconfig.toml"), "--config-env", "local")
BUILD_SECONDS = 900.0
DEPLOY_SECONDS = 600.0


def begin_build(home: Path) -> Spawned:
    """Start `sam build`; the layer is built for the Python and machine that the local workers run on."""
    build = ["build", *CONFIGURATION, "--build-dir", str(home / "build")]
    own = {name: value for name, value in os.environ.items() if name != "AWS_PROFILE"}
    settings = {**own, "LAYER_TARGET": "host", "PYTHON": sys.executable}
    return _sam("sam-build", build, settings, home)


def finish_build(building: Spawned) -> None:
    """Wait for `sam build`. Raises StepFailed."""
    wait_until_done(building, BUILD_SECONDS)


def deploy(home: Path, state: CloudState, parameters: Mapping[str, str]) -> dict[str, str]:
    """Run `sam deploy` and give the stack's outputs. Raises StepFailed.

    ``parameters`` of the stack go before those of samconfig.toml.
    """
    arguments = [
        "deploy",
        *CONFIGURATION,
        *("--stack-name", state.stack),
        *("--region", state.region),
        *("--template-file", str(home / "build" / "template.yaml")),
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        *("--parameter-overrides", *overrides(parameters)),
    ]
    wait_until_done(_sam("sam-deploy", arguments, environment(state), home), DEPLOY_SECONDS)
    deployed = outputs(state)
    lock_ledger(state, deployed)
    return deployed


def lock_ledger(state: CloudState, deployed: Mapping[str, str]) -> None:
    """Lock the ledger's bucket as the template says: MiniStack has Object Lock, but its CloudFormation drops it."""
    rule = {"Mode": deployed["LedgerLockMode"], "Days": int(deployed["LedgerLockDays"])}
    client(state, "s3").put_object_lock_configuration(
        Bucket=deployed["LedgerBucketName"],
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": rule}},
    )


def overrides(parameters: Mapping[str, str]) -> list[str]:
    """The stack's parameters as `sam deploy` takes them: those of samconfig.toml, replaced where others are given."""
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text())["local"]["deploy"]["parameters"]
    texts = dict(text.split("=", 1) for text in configured["parameter_overrides"])
    return [f"{name}={value}" for name, value in {**texts, **parameters}.items()]


def outputs(state: CloudState) -> dict[str, str]:
    """The deployed stack's outputs by name."""
    reply = client(state, "cloudformation").describe_stacks(StackName=state.stack)
    return {output["OutputKey"]: output["OutputValue"] for output in reply["Stacks"][0].get("Outputs", [])}


def _sam(name: str, arguments: list[str], settings: dict[str, str], home: Path) -> Spawned:
    quiet = {**settings, "SAM_CLI_TELEMETRY": "0", "SAM_CLI_CHECK_VERSION": "0"}
    return spawn(name, [_sam_command(), *arguments], environment=quiet, home=home, directory=ROOT)


def _sam_command() -> str:
    """The sam of our own environment, else the one on PATH."""
    beside = Path(sys.executable).parent / "sam"
    found = str(beside) if beside.exists() else shutil.which("sam")
    if found is None:
        raise LocalCloudError("the sam command is not installed; `make setup` installs it")
    return found
