"""One RunReader for all services."""

from collections.abc import Mapping

from selfheal.domain.errors import InvalidEvent
from selfheal.domain.run import Run, RunRef, Service
from selfheal.ports import RunReader


class RunReaders:
    """RunReader that asks the reader of the run's own service."""

    def __init__(self, by_service: Mapping[Service, RunReader]) -> None:
        self._by_service = by_service

    def read(self, ref: RunRef) -> Run:
        """RunReader. Raises InvalidEvent for a service that has no reader."""
        reader = self._by_service.get(ref.key.service)
        if reader is None:
            raise InvalidEvent("pipeline", f"runs of {ref.key.service} are not read here")
        return reader.read(ref)
