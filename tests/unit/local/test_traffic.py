import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local.traffic import Traffic, cloudwatch_reporter


class Shop(BaseHTTPRequestHandler):
    """Every fourth product is broken, and every third one is not there."""

    def do_GET(self) -> None:
        number = int(self.path.rpartition("/")[2])
        self.send_response(500 if number % 4 == 3 else 404 if number % 3 == 2 else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@contextmanager
def a_shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def until(condition: Any) -> Any:
    deadline = time.monotonic() + 240
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value


def test_users_ask_for_pages_and_errors_are_those_of_the_service(tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    address, began = tmp_path / "address", time.time()
    with Traffic(address, lambda *counts: reports.append(counts)).flowing() as traffic:
        until(lambda: len(reports) >= 1)
        assert traffic.since(began) == [], "nobody asks a service that has no address"
        with a_shop() as shop:
            address.write_text(shop)
            answers = until(lambda: found if len(found := traffic.since(began)) >= 12 else None)
            until(lambda: sum(requests for requests, _ in reports) >= 12)
        asked = len(traffic.since(began))
        until(lambda: len(reports) >= 4)
        assert len(traffic.since(began)) <= asked + 1, "a service that does not listen is out of the balancer"
    assert {answer.status for answer in answers} == {200, 404, 500}
    assert all(answer.is_error == (answer.status == 500) for answer in answers)
    assert 0 < sum(errors for _, errors in reports) < sum(requests for requests, _ in reports)


class CloudWatch:
    """Takes metric data."""

    def put_metric_data(self, **request: Any) -> None:
        self.request = request


def test_requests_and_errors_go_to_cloudwatch_under_the_service_s_name() -> None:
    cloudwatch = CloudWatch()
    cloudwatch_reporter(cloudwatch, "Demo/web", "web")(10, 3)
    assert cloudwatch.request["Namespace"] == "Demo/web"
    data = cloudwatch.request["MetricData"]
    assert [(item["MetricName"], item["Value"]) for item in data] == [("Requests", 10.0), ("5xx", 3.0)]
    assert all(item["Dimensions"] == [{"Name": "Service", "Value": "web"}] for item in data)
