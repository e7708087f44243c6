"""Hosting: the packages that a training pipeline registers, and the endpoint that serves one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ForestPackage:
    """A registered version of the hosted forest. ``places`` names the objects that were made beside it, by what they
    are: ``thresholds``, ``rows``, ``scores``."""

    arn: str
    group: str
    approved: bool
    places: Mapping[str, str]


class EndpointStatus(StrEnum):
    """How an endpoint stands: there is none, it is being made or changed, it serves, it cannot."""

    ABSENT = "absent"
    MOVING = "moving"
    SERVES = "serves"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EndpointState:
    """``version``: the one that its configuration names, empty when there is none; ``reason``: what the service says of
    a failure."""

    status: EndpointStatus
    version: str = ""
    reason: str = ""
