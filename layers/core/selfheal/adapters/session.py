"""Clients for AWS, all made the same way. Only this module loads boto3: adapters are given clients."""

import boto3
from botocore.config import Config

from selfheal.adapters.calls import Client

ATTEMPTS = 3
CONNECT_SECONDS = 3
READ_SECONDS = 10


def make_client(service: str, *, read_seconds: int = READ_SECONDS, attempts: int = ATTEMPTS) -> Client:
    """A client of that service. Region, credentials and endpoint come from the environment.

    ``attempts`` counts all tries of one call, the first included; ``read_seconds`` is the time-out of each.
    """
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]
