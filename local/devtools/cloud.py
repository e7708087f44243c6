"""The services of MiniStack that the simulator itself uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from local.devtools.builds import REGION

ROOT_ACCESS_KEY = "test"


@dataclass(frozen=True)
class Cloud:
    """Clients of MiniStack, signed as the account's root."""

    logs: Any
    events: Any
    cloudwatch: Any
    functions: Any
    iam: Any


def connect(ministack_url: str) -> Cloud:
    """Clients for the MiniStack at ``ministack_url``; nothing is called yet."""
    session = boto3.session.Session(
        aws_access_key_id=ROOT_ACCESS_KEY, aws_secret_access_key=ROOT_ACCESS_KEY, region_name=REGION
    )
    config = Config(connect_timeout=10, read_timeout=60, retries={"total_max_attempts": 2})

    def client(service: str) -> Any:
        # Session.client is typed by a table of literal names.
        make: Any = session.client
        return make(service, endpoint_url=ministack_url, config=config)

    return Cloud(
        logs=client("logs"),
        events=client("events"),
        cloudwatch=client("cloudwatch"),
        functions=client("lambda"),
        iam=client("iam"),
    )
