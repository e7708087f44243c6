"""What is known of a running local cloud: the file .local/cloud.json."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from local.errors import InvalidState

REGION = "us-east-1"
STACK = "selfheal-local"
ROOT_KEY = "test"  # MiniStack's name for the account's root; no real credential
DEVTOOLS_SERVICES = ("codebuild", "codepipeline", "codedeploy", "ssm")
STATE_FILE = "cloud.json"


@dataclass(frozen=True, slots=True)
class CloudState:
    """Addresses, process ids by name, and the deployed stack's outputs (empty until it is deployed)."""

    ministack_url: str
    devtools_url: str
    pids: Mapping[str, int]
    region: str = REGION
    stack: str = STACK
    outputs: Mapping[str, str] = field(default_factory=dict)

    def url(self, server: str) -> str:
        """The address of a server, by the name its process has in ``pids``."""
        return {"ministack": self.ministack_url, "devtools": self.devtools_url}[server]

    def endpoint(self, service: str) -> str:
        """The address of an AWS service, by its boto3 name."""
        return self.devtools_url if service in DEVTOOLS_SERVICES else self.ministack_url


def load(home: Path) -> CloudState | None:
    """The state in ``home``, None when there is none. Raises InvalidState naming the field and the fix."""
    path = home / STATE_FILE
    if not path.exists():
        return None
    try:
        document = json.loads(path.read_text())
    except ValueError as error:
        raise InvalidState(f"{path}: not valid JSON ({error}); delete it and start again") from error
    return _state(path, document)


def save(home: Path, state: CloudState) -> None:
    """Write the state in one step: a reader sees the old file or the new one."""
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f"{STATE_FILE}.new"
    draft.write_text(json.dumps(asdict(state), indent=2) + "\n")
    draft.replace(home / STATE_FILE)


def forget(home: Path) -> None:
    """Remove the state file, if there is one."""
    (home / STATE_FILE).unlink(missing_ok=True)


def past_proxies(own: Mapping[str, str]) -> dict[str, str]:
    """The settings that let calls to this machine's loopback pass by a proxy, whatever else passes by it."""
    names = ("NO_PROXY", "no_proxy")
    known = next((own[name] for name in names if own.get(name)), "")
    return dict.fromkeys(names, ",".join(filter(None, (known, "127.0.0.1,localhost"))))


def environment(state: CloudState) -> dict[str, str]:
    """Our environment with every AWS setting replaced by the local cloud's, which no proxy stands before."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    endpoints = {f"AWS_ENDPOINT_URL_{name.upper()}": state.devtools_url for name in DEVTOOLS_SERVICES}
    return {
        **own,
        **past_proxies(own),
        **endpoints,
        "AWS_ENDPOINT_URL": state.ministack_url,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # A person's own profiles must not leak into the local cloud.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _state(path: Path, document: object) -> CloudState:
    if not isinstance(document, dict):
        raise InvalidState(f"{path}: must hold a JSON object; delete it and start again")
    known = {f.name for f in fields(CloudState)}
    if wrong := sorted(known.symmetric_difference(document)):
        raise InvalidState(
            f"{path}: field {wrong[0]!r} is unknown or missing; delete the file and start again"
        )
    _check(path, "pids", document, int)
    _check(path, "outputs", document, str)
    for name in ("ministack_url", "devtools_url", "region", "stack"):
        if not isinstance(document[name], str):
            raise InvalidState(f"{path}: {name} must be text; delete the file and start again")
    return CloudState(**document)


def _check(path: Path, name: str, document: Mapping[str, Any], kind: type) -> None:
    table = document[name]
    if not isinstance(table, dict) or not all(isinstance(value, kind) for value in table.values()):
        raise InvalidState(
            f"{path}: {name} must map names to {kind.__name__}; delete the file and start again"
        )
