"""Passing on to MiniStack what the simulator has no part in: all of Systems Manager but its automation."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable

from local.devtools.errors import ServiceError

SHARED_SERVICES = ("ssm",)
PASSED_ON = ("Authorization", "X-Amz-Target", "X-Amz-Date", "X-Amz-Security-Token", "Content-Type")
TIMEOUT_SECONDS = 60.0
# MiniStack is on this machine: a proxy, where one is set, does not know it.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Forward = Callable[[dict[str, str], bytes], tuple[int, bytes]]


def forward_to(ministack_url: str) -> Forward:
    """Sends a request's headers and body on; gives the status and the body of the reply."""

    def forward(headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        kept = {name: value for name, value in headers.items() if name.title() in PASSED_ON}
        request = urllib.request.Request(ministack_url, data=body, headers=kept)  # noqa: S310 - our own address
        try:
            with _DIRECT.open(request, timeout=TIMEOUT_SECONDS) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read()
        except OSError as error:
            raise ServiceError("ServiceUnavailableException", f"MiniStack: {error}", status=503) from error

    return forward
