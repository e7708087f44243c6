"""What the simulator sends to MiniStack: log batches, metric values, retries."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from local.devtools import delivery
from local.devtools.events import Event, EventPublisher
from local.devtools.logs import BATCH_BYTES, BATCH_EVENTS, EVENT_OVERHEAD, batches
from local.devtools.metrics import Usage, compute, rates


@given(st.lists(st.integers(min_value=0, max_value=200_000), max_size=40))
def test_log_batches_keep_order_and_limits(sizes: list[int]) -> None:
    lines = [(index, "x" * size) for index, size in enumerate(sizes)]
    sent = list(batches(lines))
    assert [(event["timestamp"], event["message"]) for batch in sent for event in batch] == lines
    for batch in sent:
        assert sum(len(event["message"]) + EVENT_OVERHEAD for event in batch) <= BATCH_BYTES
        assert batch


def test_log_batches_hold_ten_thousand_lines_at_most() -> None:
    sent = list(batches([(0, "x")] * (BATCH_EVENTS + 1)))
    assert [len(batch) for batch in sent] == [BATCH_EVENTS, 1]


def test_rates_are_relative_to_the_compute_type() -> None:
    before = Usage(cpu=1.0, resident=0, read=1000, written=0)
    after = Usage(cpu=2.0, resident=2**30, read=3000, written=500)
    small = rates(before, after, 0.5, compute("BUILD_GENERAL1_SMALL", gib_megabytes=1024))
    assert small["CPUUtilizedPercent"] == 100.0
    assert small["MemoryUtilizedPercent"] == 25.0
    assert small["MemoryUtilized"] == 1024.0
    assert (small["StorageReadBytes"], small["StorageWriteBytes"]) == (4000.0, 1000.0)
    large = compute("BUILD_GENERAL1_LARGE", gib_megabytes=1024)
    assert rates(before, after, 0.5, large)["CPUUtilizedPercent"] == 25.0


def test_a_process_tree_that_shrank_used_nothing_negative() -> None:
    assert min(rates(Usage(5.0, 1, 9, 9), Usage(), 0.5, compute("BUILD_GENERAL1_SMALL")).values()) == 0.0


class Bus:
    """PutEvents that fails as often as it is told to."""

    def __init__(self, failures: int, rejections: int = 0) -> None:
        self.failures, self.rejections, self.taken = failures, rejections, 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        if self.failures:
            self.failures -= 1
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")
        if self.rejections:
            self.rejections -= 1
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        self.taken += 1
        return {"FailedEntryCount": 0, "Entries": []}


@pytest.mark.parametrize(
    ("bus", "counts", "said"),
    [
        (Bus(0), {"sent": 1, "failed": 0}, ""),
        (Bus(1, rejections=1), {"sent": 1, "failed": 0}, "attempt 2 of 5 failed"),
        (Bus(99), {"sent": 0, "failed": 1}, "given up"),
    ],
)
def test_an_event_is_tried_again_and_a_lost_one_is_told(
    bus: Bus,
    counts: dict[str, int],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE_SECONDS", 0.0)
    publisher = EventPublisher(bus, threading.Event())
    publisher.publish(Event("codebuild", "CodeBuild Build State Change", "shop", (), {}, 0.0))
    publisher.close()
    assert counts.items() <= publisher.counts().items()
    assert said in caplog.text
