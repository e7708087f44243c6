"""boto3 clients of the local cloud, with nothing of the user's own AWS settings."""

from typing import Any

from local.state import ROOT_KEY, CloudState


def client(state: CloudState, service: str) -> Any:
    """A client of one AWS service. Its retries are few: the local cloud answers at once or not at all."""
    import boto3
    from botocore.config import Config

    return boto3.Session().client(  # type: ignore[call-overload]
        service,
        region_name=state.region,
        endpoint_url=state.endpoint(service),
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
        config=Config(connect_timeout=3, read_timeout=20, retries={"max_attempts": 2, "mode": "standard"}),
    )
