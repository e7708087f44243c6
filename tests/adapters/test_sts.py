"""STS: a proof of identity holds for one statement, for a minute, and names who signed it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import boto3
import pytest

from selfheal.adapters.sts import STATEMENT_HEADER, StsIdentities, caller_of, sign
from selfheal.approval_ports import Identity, Proof
from selfheal.domain.errors import IdentityUnproven, ServiceUnavailable
from selfheal.testing.service import FixedClock
from tests.sts_server import ACCOUNT, ARN, KEY, SECRET, StsServer, sts_server

STATEMENT = "5" * 64


@pytest.fixture
def server() -> Iterator[StsServer]:
    with sts_server() as server:
        yield server


def client(server: StsServer, secret: str = SECRET, key: str = KEY) -> Any:
    return boto3.client(
        "sts",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def now() -> FixedClock:
    return FixedClock(datetime.now(UTC))


def prove(
    server: StsServer, proof: Proof, statement: str = STATEMENT, clock: FixedClock | None = None
) -> Identity:
    return StsIdentities(client(server, "another", "OTHER"), clock or now()).prove(proof, statement)


def changed(proof: Proof, **fields: str) -> Proof:
    return Proof(urlencode(dict(parse_qsl(proof.query)) | fields))


def test_the_caller_is_an_arn() -> None:
    assert caller_of(boto3.client("sts")).startswith("arn:aws:sts::")


def test_whoever_signed_a_statement_is_known_by_it(server: StsServer) -> None:
    proof = sign(client(server), STATEMENT)
    assert prove(server, proof) == Identity(ARN, ACCOUNT)
    assert SECRET not in proof.query and KEY in proof.query
    assert len(server.asked) == 1, "signing itself sends nothing"


def test_temporary_credentials_prove_as_well(server: StsServer) -> None:
    temporary = boto3.client(
        "sts",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token="a session's token, with / + =",
    )
    proof = sign(temporary, STATEMENT)
    assert "X-Amz-Security-Token" in proof.query
    assert prove(server, proof).arn == ARN


def test_a_proof_is_for_one_statement_only(server: StsServer) -> None:
    with pytest.raises(IdentityUnproven, match="SignatureDoesNotMatch"):
        prove(server, sign(client(server), STATEMENT), "6" * 64)


def test_signing_leaves_no_trace_in_the_client(server: StsServer) -> None:
    same = client(server)
    sign(same, "6" * 64)
    assert prove(server, sign(same, STATEMENT)).arn == ARN


@pytest.mark.parametrize(("secret", "key"), [("guessed", KEY), (SECRET, "AKIAUNKNOWN")])
def test_whom_sts_does_not_know_nobody_is(server: StsServer, secret: str, key: str) -> None:
    with pytest.raises(IdentityUnproven, match="STS does not accept"):
        prove(server, sign(client(server, secret, key), STATEMENT))


@pytest.mark.parametrize(
    "fields",
    [
        {"Action": "AssumeRole"},
        {"Version": "2012-01-01"},
        {"X-Amz-SignedHeaders": "host"},
        {"X-Amz-SignedHeaders": f"{STATEMENT_HEADER};host"},
        {"X-Amz-Expires": "604800"},
        {"X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256"},
        {"X-Amz-Date": "yesterday"},
        {"X-Amz-Date": "20260115T120000Z\n"},
        {"X-Amz-Date": "20261399T259999Z"},
        {"RoleArn": "arn:aws:iam::111122223333:role/admin"},
    ],
)
def test_anything_but_our_own_kind_of_request_is_not_even_sent(
    server: StsServer, fields: dict[str, str]
) -> None:
    with pytest.raises(IdentityUnproven):
        prove(server, changed(sign(client(server), STATEMENT), **fields))
    assert server.asked == []


@pytest.mark.parametrize("query", ["", "x", "Action=GetCallerIdentity", "\r\nHost: evil", "a=b&" * 4000])
def test_a_query_that_is_none_is_not_sent(server: StsServer, query: str) -> None:
    with pytest.raises(IdentityUnproven):
        prove(server, Proof(query))
    assert server.asked == []


@pytest.mark.parametrize("again", ["Action=AssumeRole", "Action=GetCallerIdentity"])
def test_a_field_given_twice_is_not_sent(server: StsServer, again: str) -> None:
    proof = sign(client(server), STATEMENT)
    with pytest.raises(IdentityUnproven):
        prove(server, Proof(f"{proof.query}&{again}"))
    assert server.asked == []


@pytest.mark.parametrize(
    ("seconds", "good"), [(0, True), (110, True), (-50, True), (130, False), (-90, False)]
)
def test_a_proof_is_good_for_a_minute_and_what_clocks_are_apart(
    server: StsServer, seconds: int, good: bool
) -> None:
    proof, clock = sign(client(server), STATEMENT), now()
    clock.moment += timedelta(seconds=seconds)
    if good:
        assert prove(server, proof, clock=clock).arn == ARN
    else:
        with pytest.raises(IdentityUnproven, match="too old"):
            prove(server, proof, clock=clock)


@pytest.mark.parametrize("status", [500, 503])
def test_an_sts_in_trouble_is_worth_another_attempt(server: StsServer, status: int) -> None:
    server.fails = status
    with pytest.raises(ServiceUnavailable):
        prove(server, sign(client(server), STATEMENT))


def test_an_sts_that_is_not_there_is_worth_another_attempt(server: StsServer) -> None:
    proof = sign(client(server), STATEMENT)
    gone = StsServer("http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailable):
        prove(gone, proof)


def test_a_redirect_is_not_followed(server: StsServer) -> None:
    server.fails = 302
    with pytest.raises(IdentityUnproven):
        prove(server, sign(client(server), STATEMENT))
    assert len(server.asked) == 1
