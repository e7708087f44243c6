"""AWS for the adapter tests: moto in this process, or scripted replies that botocore checks."""

from collections.abc import Callable, Iterator
from functools import cache
from threading import Lock
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from selfheal.adapters.s3_ledger import S3LedgerArchive

TABLE = "selfheal-test"
LEDGER_BUCKET = "selfheal-test-ledger"


class OneAtATime:
    """DynamoDB carries out one transaction after the other; moto's tables must not be written by two."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: object) -> Any:
            with self._lock:
                return getattr(self._client, name)(**arguments)

        return call


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test can reach anything real: credentials are made up and moto answers every call."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def make_table(client: Any, table: str = TABLE) -> Any:
    """A table as the stack's, made by the client; gives the client."""
    names = ("pk", "sk", "feed_pk", "feed_sk")
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "feed",
                "KeySchema": [
                    {"AttributeName": "feed_pk", "KeyType": "HASH"},
                    {"AttributeName": "feed_sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return client


@pytest.fixture
def dynamodb() -> Any:
    """A DynamoDB client with the stack's table in it."""
    return make_table(boto3.client("dynamodb"))


@pytest.fixture
def s3() -> Any:
    """An S3 client with the ledger's bucket, locked as in the template."""
    client = boto3.client("s3")
    client.create_bucket(Bucket=LEDGER_BUCKET, ObjectLockEnabledForBucket=True)
    rule: Any = {"Mode": "COMPLIANCE", "Days": 1}
    client.put_object_lock_configuration(
        Bucket=LEDGER_BUCKET,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": rule}},
    )
    return client


@pytest.fixture
def archive(s3: Any) -> S3LedgerArchive:
    """The archive of the ledger."""
    return S3LedgerArchive(s3, LEDGER_BUCKET)


@cache
def stub_client(service: str) -> Any:
    """Loading a service's model is what takes long, so the clients that are never really called are kept."""
    return boto3.client(service)  # type: ignore[call-overload]


@pytest.fixture
def scripted() -> Iterator[Callable[[str], tuple[Any, Stubber]]]:
    """Makes a client whose replies are scripted; every scripted reply must have been used in the end."""
    stubbers: list[Stubber] = []

    def make(service: str) -> tuple[Any, Stubber]:
        client = stub_client(service)
        stubber = Stubber(client)
        stubber.activate()
        stubbers.append(stubber)
        return client, stubber

    yield make
    for stubber in stubbers:
        stubber.deactivate()
    for stubber in stubbers:
        stubber.assert_no_pending_responses()
