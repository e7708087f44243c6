"""The web service: product pages and a health page. Its address file tells where it listens."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from products import page


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            self._reply(200, "well")
            return
        try:
            self._reply(200, page(int(self.path.rpartition("/")[2])))
        except Exception as error:  # noqa: BLE001 - a server answers, whatever fails
            print(f"500 {self.path}: {error!r}", flush=True)
            self._reply(500, "internal error")

    def _reply(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Only errors are worth a line."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def main(address: Path) -> None:
    port = int(address.read_text().rpartition(":")[2]) if address.exists() else 0
    server = Server(("127.0.0.1", port), Handler)
    address.write_text(f"127.0.0.1:{server.server_port}")
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
