"""What the scenarios' builds depend on, each with an honest weakness: real loopback HTTP servers, and a directory.

``warming``      answers only once its catalogue is loaded; loading starts with the first request.
``drowsy``       the same, but asleep again as soon as it has answered somebody in time.
``rate_limited`` a package index whose present quota window is used up: 429 with Retry-After until it ends.
``interrupted``  a package mirror that drops the connection half-way through one download.
``locked``       a directory with a lock that a job left behind which was killed while it held it.
"""

import io
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

WARMING_SECONDS = 4.0  # longer than a client waits (2.5 s), however busy the machine; less than twice as long
WINDOW_SECONDS = 3.0
CUT_DOWNLOAD = 2
WHEEL = "shop_money-1.0-py3-none-any.whl"

Clock = Callable[[], float]


class Reply:
    """One HTTP reply; ``cut`` sends only that share of the body and then closes the connection."""

    def __init__(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: float = 1.0
    ) -> None:
        self.status = status
        self.body = body[: int(len(body) * cut)]
        self.headers = headers or {}


class Warming:
    """Slow until its catalogue is loaded: the first request starts the loading."""

    def __init__(self, clock: Clock = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._warm_at: float | None = None

    def reply(self, path: str) -> Reply:
        """The stock of a product, as soon as the catalogue is there."""
        with self._lock:
            if self._warm_at is None:
                self._warm_at = self._clock() + WARMING_SECONDS
        self._sleep(max(0.0, self._warm_at - self._clock()))
        return Reply(200, stock_of(path))


class Drowsy:
    """Every second request finds it asleep: that one wakes it and waits, the next is answered at once."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._asleep = True

    def reply(self, path: str) -> Reply:
        """The stock of a product, sooner or later."""
        with self._lock:
            slow, self._asleep = self._asleep, not self._asleep
        if slow:
            self._sleep(WARMING_SECONDS)
        return Reply(200, stock_of(path))


class RateLimited:
    """A package index in a quota window that others used up; the first request finds its last seconds."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._opens_at: float | None = None

    def reply(self, path: str) -> Reply:
        """The index page always; the package itself only in a window with quota left."""
        if path.startswith("/simple/"):
            return Reply(200, f'<a href="/files/{WHEEL}">{WHEEL}</a>'.encode(), {"Content-Type": "text/html"})
        with self._lock:
            if self._opens_at is None:
                self._opens_at = self._clock() + WINDOW_SECONDS
        left = self._opens_at - self._clock()
        if left > 0:
            return Reply(429, b"Too Many Requests: quota exceeded\n", {"Retry-After": str(int(left) + 1)})
        return Reply(200, wheel())


class Interrupted:
    """A package mirror that loses the connection in the middle of its second download."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._downloads = 0

    def reply(self, path: str) -> Reply:
        """The package; without a length, so that a careless client does not notice that half is missing."""
        with self._lock:
            self._downloads += 1
            cut = 0.5 if self._downloads == CUT_DOWNLOAD else 1.0
        return Reply(200, wheel(), cut=cut)


Dependency = Warming | Drowsy | RateLimited | Interrupted
KINDS: dict[str, Callable[[], Dependency]] = {
    "warming": Warming,
    "drowsy": Drowsy,
    "rate_limited": RateLimited,
    "interrupted": Interrupted,
}


LOCKED = "locked"
LOCK = "plan.lock"


@contextmanager
def provide(kind: str) -> Iterator[str]:
    """What builds depend on, for as long as the context lasts; gives its URL or path."""
    if kind != LOCKED:
        with serve(kind) as url:
            yield url
        return
    with TemporaryDirectory(prefix="demo-state-") as directory:
        (Path(directory) / LOCK).write_text("held by job 4711\n")
        yield directory


def stock_of(path: str) -> bytes:
    """The stock of the product that a path ends with."""
    return b'{"sku": "%s", "stock": 7}' % path.rpartition("/")[2].encode()


def wheel() -> bytes:
    """A small valid wheel of ``shop-money`` 1.0; the same bytes every time."""
    info = "shop_money-1.0.dist-info"
    files = {
        "shop_money.py": "def cents(amount: str) -> int:\n    return round(float(amount) * 100)\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: shop-money\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in files)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as wheel_file:
        for name, text in files.items():
            wheel_file.writestr(zipfile.ZipInfo(name), text)
    return archive.getvalue()


@contextmanager
def serve(kind: str) -> Iterator[str]:
    """Serve a dependency on a free loopback port for as long as the context lasts; gives its URL."""
    dependency = KINDS[kind]()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(dependency))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(dependency: Dependency) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = dependency.reply(self.path)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(reply.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: the build's own log tells the story."""

    return Handler
