"""A server on this machine, whose answers a test can spoil."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """Serves files from memory.

    Attributes:
        files: contents by path.
        asked: the path and Range header of each request.
        breaks: after how many bytes the next connections break off.
        ranges: whether parts of files may be asked for.
        status: the answers to the next requests, instead of files.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.breaks: list[int] = []
        self.ranges = True
        self.status: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name, wanted = request.path.rpartition("/")[2], request.headers["Range"]
        self.asked.append((request.path, wanted))
        if self.status or name not in self.files:
            request.send_error(self.status.pop(0) if self.status else 404)
            return
        content = self.files[name]
        start = int(wanted[6:-1]) if wanted and self.ranges else 0
        if start >= len(content) and wanted and self.ranges:
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        end = start + self.breaks.pop(0) if self.breaks else len(content)
        request.wfile.write(content[start:end])
