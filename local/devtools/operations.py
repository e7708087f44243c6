"""What an operation of a simulated service consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from local.devtools.errors import ServiceError
from local.devtools.wire import Json

Conditions = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """Who calls: the ARN IAM knows, and the name that CodeBuild records as a build's initiator."""

    arn: str
    initiator: str
    role: str | None = None

    @property
    def is_root(self) -> bool:
        return self.role is None


def no_conditions(_: Json) -> Conditions:
    return {}


def nothing_more(_: Json) -> dict[str, list[str]]:
    return {}


@dataclass(frozen=True)
class Operation:
    """``run`` answers a validated request; ``resources`` are the ARNs that the caller must be allowed to use.

    ``conditions`` are the service's own condition keys of the request; ``more`` names actions, with resources, that
    the caller must be allowed as well although he does not call them.
    """

    run: Callable[[Json, Caller], Json]
    resources: Callable[[Json], list[str]]
    conditions: Callable[[Json], Conditions] = no_conditions
    more: Callable[[Json], dict[str, list[str]]] = nothing_more


class Service(Protocol):
    """A simulated service."""

    def operations(self) -> dict[str, Operation]:
        """The operations by name."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of the resource with this ARN, which policies may ask for; none for one that does not exist."""


def page(items: Sequence[T], params: Json, size: int, bad_token: str) -> tuple[list[T], Json]:
    """One page of ``items`` and the members of the reply that lead to the next; tokens are offsets."""
    token = params.get("nextToken", "0")
    if not token.isdecimal() or int(token) > len(items):
        raise ServiceError(bad_token, f"nextToken: {token!r} was not issued by this operation")
    start = int(token)
    end = start + size
    return list(items[start:end]), ({"nextToken": str(end)} if end < len(items) else {})
