"""Loopback ports for the local cloud's servers."""

import socket
from collections.abc import Collection
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Port:
    """A port that was free a moment ago; ``instead_of`` is the one asked for when that was in use, else 0."""

    number: int
    instead_of: int = 0


def choose_port(preferred: int, taken: Collection[int] = ()) -> Port:
    """``preferred`` when it is free, else any free one that is not in ``taken``. 0 prefers none."""
    if preferred and preferred not in taken and is_free(preferred):
        return Port(preferred)
    while (number := _any_free()) in taken:
        continue
    return Port(number, instead_of=preferred)


def is_free(number: int) -> bool:
    """Whether nothing listens on this loopback port and we may."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
