"""An STS that knows one identity and checks signatures as AWS documents it (Signature Version 4, presigned URLs).

The checking is MiniStack's, an implementation that shares nothing with the botocore that signs.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from ministack.core.sigv4 import header_signature_failure, parse_query_signature

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "a-secret-that-nobody-else-has"
ARN, ACCOUNT = "arn:aws:sts::111122223333:assumed-role/release/alice", "111122223333"
NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'


@dataclass
class StsServer:
    """Where it listens, what was asked of it, and what it answers instead of the truth (a status), if anything."""

    url: str
    asked: list[str] = field(default_factory=list)
    fails: int = 0


def answer(method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """What STS says to GetCallerIdentity: who signed, or why that cannot be said."""
    query = parse_qs(urlsplit(path).query)
    signature = parse_query_signature(query)
    if isinstance(signature, tuple):
        return 403, error("IncompleteSignature")
    if signature.access_key_id != KEY:
        return 403, error("InvalidClientTokenId")
    wrong = header_signature_failure(
        signature, SECRET, method, urlsplit(path).path, query, headers, b"", presigned=True
    )
    if wrong:
        return 403, error(wrong[0])
    result = f"<Arn>{ARN}</Arn><UserId>AROAEXAMPLE:alice</UserId><Account>{ACCOUNT}</Account>"
    return 200, (
        f"<GetCallerIdentityResponse {NAMESPACE}><GetCallerIdentityResult>{result}</GetCallerIdentityResult>"
        "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )


def error(code: str) -> str:
    return (
        f"<ErrorResponse {NAMESPACE}><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>"
        "<RequestId>1</RequestId></ErrorResponse>"
    )


@contextmanager
def sts_server() -> Iterator[StsServer]:
    """Listens on loopback while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = (server.fails, "oops") if server.fails else answer("GET", self.path, headers)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Not into the test's output."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = StsServer(f"http://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
