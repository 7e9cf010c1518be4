"""A real HTTP/1.1 server on loopback whose pages a test writes, and which remembers what it was asked."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType


@dataclass(frozen=True)
class Visit:
    """One request as the server saw it. `bytes_sent` counts the body alone; header names are lower case."""

    path: str
    headers: Mapping[str, str]
    status: int
    bytes_sent: int
    at: float


@dataclass(frozen=True)
class Page:
    """What a path answers. With an `etag` or `last_modified` it answers 304 to whom has it already.

    `chunks` streams a body of unknown length instead of `body`; `delay` is seconds before the first byte.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    etag: str = ""
    last_modified: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    chunks: Callable[[], Iterable[bytes]] | None = None

    def is_current(self, request: Mapping[str, str]) -> bool:
        """Whether the asker's copy is still good (RFC 9110: If-None-Match goes before If-Modified-Since)."""
        if "if-none-match" in request:
            return bool(self.etag) and self.etag in request["if-none-match"]
        return bool(self.last_modified) and request.get("if-modified-since") == self.last_modified


NOT_FOUND = Page(b"<p>Nothing here", status=404)
Answer = Page | Callable[[Mapping[str, str]], Page]


class Site:
    """`with Site() as site: site.html("/faq", "<h1>Returns"); site.url("/faq")`. Paths it was not given answer 404."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Answer] = {}
        self.visits: list[Visit] = []
        self._lock = Lock()
        handler = type("Handler", (_Handler,), {"site": self})
        self._server = _Server((host, port), handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def html(self, path: str, body: str, **page: object) -> None:
        """Serve a whole HTML page with this in its <body>."""
        text = f"<!doctype html><html><head><title>{path}</title></head><body>{body}</body></html>"
        self.pages[path] = Page(text.encode(), **page)  # type: ignore[arg-type]

    def text(self, path: str, body: str, content_type: str = "text/plain; charset=utf-8", **page: object) -> None:
        """Serve this as it is."""
        self.pages[path] = Page(body.encode(), content_type=content_type, **page)  # type: ignore[arg-type]

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        self.pages[path] = Page(status=status, headers={"Location": to})

    def visited(self, path: str) -> list[Visit]:
        """The requests for this path, in order."""
        return [visit for visit in self.visits if visit.path == path]

    def forget_visits(self) -> None:
        with self._lock:
            self.visits.clear()

    @property
    def bytes_sent(self) -> int:
        """Body bytes of all remembered visits."""
        return sum(visit.bytes_sent for visit in self.visits)

    def remember(self, visit: Visit) -> None:
        with self._lock:
            self.visits.append(visit)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests want."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write an answer: two would wait for the client's delayed ACK
    site: Site

    def do_GET(self) -> None:
        request = {name.lower(): value for name, value in self.headers.items()}
        answer = self.site.pages.get(self.path, NOT_FOUND)
        page = answer(request) if callable(answer) else answer
        time.sleep(page.delay)
        current = page.status == 200 and page.is_current(request)
        status = 304 if current else page.status
        sent = 0
        try:
            sent = self._send(page, status)
        finally:
            self.site.remember(Visit(self.path, request, status, sent, time.monotonic()))

    def _send(self, page: Page, status: int) -> int:
        self.send_response(status)
        for name, value in (("ETag", page.etag), ("Last-Modified", page.last_modified), *page.headers.items()):
            if value:
                self.send_header(name, value)
        if status == 304:
            self.end_headers()
            return 0
        if page.content_type:
            self.send_header("Content-Type", page.content_type)
        if page.chunks is None:
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)
            return len(page.body)
        self.send_header("Connection", "close")
        self.end_headers()
        sent = 0
        for chunk in page.chunks():
            self.wfile.write(chunk)
            self.wfile.flush()
            sent += len(chunk)
        return sent

    def log_message(self, format: str, *args: object) -> None:
        """Silence: `visits` is the log."""
