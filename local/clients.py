"""boto3 clients of the local cloud, with nothing of the user's own AWS settings."""

from typing import Any

from local.state import ROOT_KEY, CloudState


def client(state: CloudState, service: str, read_seconds: float = 60) -> Any:
    """A client of one AWS service. Its retries are few: the local cloud answers, late on a slow machine, or never."""
    import boto3
    import botocore.session
    from botocore.config import Config

    retries: Any = {"max_attempts": 2, "mode": "standard"}
    own = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    return boto3.Session(
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
        region_name=state.region,
        botocore_session=own,
    ).client(  # type: ignore[call-overload]
        service,
        endpoint_url=state.endpoint(service),
        config=Config(connect_timeout=10, read_timeout=read_seconds, retries=retries),
    )
