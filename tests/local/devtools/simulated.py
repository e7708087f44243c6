"""A simulated service called without a server whose requests and replies are held against its model."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from local.devtools.access import ROOT
from local.devtools.events import Event, EventPublisher
from local.devtools.operations import Service
from local.devtools.wire import read_request, service_model, write_reply

Json = dict[str, Any]
WAIT_SECONDS = 240
LATE_SECONDS = 0.3


class Bus:
    """Takes events and shows them as (detail type, detail)."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Json]] = []
        self.publisher = EventPublisher(self, threading.Event())

    def put_events(self, Entries: list[Json]) -> Json:  # noqa: N803 - boto3's spelling
        self.told += [(entry["DetailType"], json.loads(entry["Detail"])) for entry in Entries]
        return {"FailedEntryCount": 0, "Entries": []}

    def of(self, detail_type: str) -> list[Json]:
        """The details of one type, once everything sent so far has arrived."""
        until(lambda: self.publisher.counts()["pending"] == 0)
        return [detail for told, detail in self.told if told == detail_type]


def tell_late(patch: pytest.MonkeyPatch) -> None:
    """From now on there is a moment before anything is told: no state may show in it that is to be told."""
    publish = EventPublisher.publish

    def late(self: EventPublisher, event: Event) -> None:
        time.sleep(LATE_SECONDS)
        publish(self, event)

    patch.setattr(EventPublisher, "publish", late)


class Client:
    """Calls the operations of one simulated service."""

    def __init__(self, name: str, service: Service) -> None:
        self._name, self.service = name, service
        self._operations = service.operations()

    def call(self, operation: str, /, **params: Any) -> Json:
        model = service_model(self._name).operation_model(operation)
        request = read_request(self._name, model, json.dumps(params).encode())
        return dict(json.loads(write_reply(model, self._operations[operation].run(request, ROOT))))

    def resources(self, operation: str, /, **params: Any) -> list[str]:
        return self._operations[operation].resources(params)


def until(condition: Any) -> Any:
    """The first true value of ``condition``."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.01)
    return value
