"""STS: who is calling, and how one proves it to somebody else.

The proof is a request for GetCallerIdentity that its owner signs and does not send: whoever is given it can send it to
STS and to nobody else, and STS answers with the owner's ARN. What he states goes into a header that is signed with
it, so the proof says who states exactly that. (HashiCorp Vault and Amazon EKS know their callers in the same way.)
"""

import http.client
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from selfheal.adapters.calls import Client, calling
from selfheal.approval_ports import Identity, Proof
from selfheal.domain.errors import IdentityUnproven, ServiceUnavailable
from selfheal.ports import Clock

OPERATION = "sts:GetCallerIdentity"
STATEMENT_HEADER = "x-selfheal-statement"
LIFE_SECONDS = 60
CLOCKS_APART = timedelta(seconds=60)
LONGEST_QUERY = 8192
SIGNED = {
    "Action": "GetCallerIdentity",
    "Version": "2011-06-15",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Expires": str(LIFE_SECONDS),
    "X-Amz-SignedHeaders": f"host;{STATEMENT_HEADER}",
}
OTHERS = frozenset({"X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"})
ALLOWED = OTHERS | frozenset(SIGNED) | {"X-Amz-Security-Token"}
ANSWERS, SERVER_ERROR = (200, 400, 403), 500
TIMEOUT_SECONDS = 10


def caller_of(client: Client) -> str:
    """The ARN of the IAM identity whose credentials the client uses. Nobody needs a right to ask for it."""
    with calling(OPERATION):
        return str(client.get_caller_identity()["Arn"])


def sign(client: Client, statement: str) -> Proof:
    """Prove that the client's identity states this (text without line ends); nothing is sent."""

    def state(request: Any, **_: object) -> None:
        request.headers.add_header(STATEMENT_HEADER, statement)

    signing = f"before-sign.sts.{SIGNED['Action']}"
    client.meta.events.register(signing, state)
    try:
        with calling(OPERATION):
            url = client.generate_presigned_url(
                "get_caller_identity", ExpiresIn=LIFE_SECONDS, HttpMethod="GET"
            )
    finally:
        client.meta.events.unregister(signing, state)
    return Proof(urlsplit(url).query)


class StsIdentities:
    """Identities. Needs no right. Nothing but the query comes from the proof: where it is sent, how and with which
    other headers is ours to say."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def prove(self, proof: Proof, statement: str) -> Identity:
        """Identities. Raises ServiceUnavailable when STS does not answer."""
        query = urlencode(self._checked(proof), quote_via=quote)
        reply = self._parsed(*_get(self._client.meta.endpoint_url, query, statement))
        return Identity(arn=str(reply["Arn"]), account=str(reply["Account"]))

    def _checked(self, proof: Proof) -> dict[str, str]:
        fields = parse_qsl(proof.query[:LONGEST_QUERY], keep_blank_values=True)
        found = dict(fields)
        if len(found) != len(fields) or not OTHERS | set(SIGNED) <= set(found) <= ALLOWED:
            raise IdentityUnproven("the proof is not a presigned request for GetCallerIdentity")
        if wrong := [name for name, value in SIGNED.items() if found[name] != value]:
            raise IdentityUnproven(f"{wrong[0]} of the proof must be {SIGNED[wrong[0]]}")
        age = self._clock.now() - _moment(found["X-Amz-Date"])
        if not -CLOCKS_APART <= age <= timedelta(seconds=LIFE_SECONDS) + CLOCKS_APART:
            raise IdentityUnproven("the proof is too old, or a clock is wrong; sign a new one")
        return found

    def _parsed(self, status: int, body: bytes) -> Any:
        """What STS says. It refuses what was not signed so, or by nobody it knows."""
        from botocore.parsers import create_parser

        if status >= SERVER_ERROR:
            raise ServiceUnavailable(f"{OPERATION}: {status}")
        if status not in ANSWERS:
            raise IdentityUnproven(f"STS answers {status} to the proof")
        shape = self._client.meta.service_model.operation_model(SIGNED["Action"]).output_shape
        reply = {"status_code": status, "headers": {}, "body": body}
        parsed = create_parser("query").parse(reply, shape)
        if "Error" in parsed:
            code = parsed["Error"].get("Code", "unknown error")
            raise IdentityUnproven(f"STS does not accept the proof: {code} (signed in the stack's Region?)")
        return parsed


def _moment(text: str) -> datetime:
    """The form alone is not enough: a thirteenth month has it as well."""
    try:
        if re.fullmatch(r"\d{8}T\d{6}Z", text, re.ASCII):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise IdentityUnproven("X-Amz-Date of the proof is no moment")


def _get(endpoint: str, query: str, statement: str) -> tuple[int, bytes]:
    """One request, with no redirect followed."""
    place = urlsplit(endpoint)
    secure = place.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(place.netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"/?{query}", headers={STATEMENT_HEADER: statement})
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException) as error:
        raise ServiceUnavailable(f"{OPERATION}: {type(error).__name__}") from None
    finally:
        connection.close()
