"""Users of a deployed service: requests that never stop, and the error metrics that they give rise to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

REQUESTS, ERRORS = "Requests", "5xx"
PAUSE_SECONDS = 0.1
REPORT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
# The service is on this machine: a proxy, where one is set, does not know it.
_DIRECT = build_opener(ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request came to: an HTTP status, and when (seconds since the epoch)."""

    status: int
    at: float

    @property
    def is_error(self) -> bool:
        """Whether the service failed to serve."""
        return self.status >= 500


class Traffic:
    """Asks for pages of the service whose address stands in a file, and reports to CloudWatch as a load balancer does.

    While there is no address nobody asks: a service that is being replaced is out of the balancer.
    """

    def __init__(self, address: Path, report: Callable[[int, int], None]) -> None:
        self._address, self._report = address, report
        self._lock = threading.Lock()
        self._answers: list[Answer] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=f"traffic-{work.__name__}", daemon=True)
            for work in (self._ask_on, self._report_on)
        ]

    @contextmanager
    def flowing(self) -> Iterator["Traffic"]:
        """Requests are made for as long as the context lasts."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def since(self, moment: float) -> list[Answer]:
        """The answers to the requests made since then (seconds since the epoch)."""
        with self._lock:
            return [answer for answer in self._answers if answer.at >= moment]

    def _ask_on(self) -> None:
        number = 0
        while not self._stop.wait(PAUSE_SECONDS):
            status = self._ask(f"/products/{number % 40}")
            number += 1
            if status:
                with self._lock:
                    self._answers.append(Answer(status, time.time()))

    def _ask(self, path: str) -> int:
        try:
            address = self._address.read_text().strip()
        except FileNotFoundError:
            return 0
        try:
            with _DIRECT.open(f"http://{address}{path}", timeout=ANSWER_SECONDS) as reply:
                return int(reply.status)
        except HTTPError as error:
            with error:
                return error.code
        except (OSError, HTTPException):
            # Nobody listens while the service is replaced; a load balancer would ask another host.
            return 0

    def _report_on(self) -> None:
        reported = time.time()
        while not self._stop.wait(REPORT_SECONDS):
            now = time.time()
            answers = [answer for answer in self.since(reported) if answer.at < now]
            reported = now
            self._report(len(answers), sum(answer.is_error for answer in answers))


def cloudwatch_reporter(cloudwatch: Any, namespace: str, service: str) -> Callable[[int, int], None]:
    """Puts the number of requests and of errors into CloudWatch."""

    def report(requests: int, errors: int) -> None:
        dimensions = [{"Name": "Service", "Value": service}]
        data = [
            {"MetricName": name, "Dimensions": dimensions, "Value": float(value), "Unit": "Count"}
            for name, value in ((REQUESTS, requests), (ERRORS, errors))
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    return report
