"""Serves the example shop over loopback HTTP: `python examples/serve.py`, or `with serving() as site:`."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import mimetypes
import re
from collections import Counter
from collections.abc import Iterator
from email.utils import formatdate, parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).parent / "site"
DEFAULT_PORT = 8420
REDIRECTS = {"/faq": "/help/"}
CHARSETS = {
    "zh/help/delivery.html": "; charset=gbk",
    "tw/help/members.html": "",  # only the page itself says that it is Big5
}
TEMPLATED = {"robots.txt", "sitemap.xml"}  # both want absolute URLs, and the port is known only now


class Site:
    """The served site: `url` has no trailing slash; `hits` counts responses by (path, status), `bytes_sent` bodies.
    Where `widget` is the address of Frontdesk's script, the pages include it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.hits: Counter[tuple[str, int]] = Counter()
        self.bytes_sent = 0
        self.widget = ""
        names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        # what is not listed here does not exist: no path in a request can lead out of the folder
        self.files = {re.sub(r"(^|/)index\.html$", r"\1", f"/{name}"): (name, folder / name) for name in names}
        self.server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *args: object) -> None:
        self.site = site
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path in REDIRECTS:
            self._respond(path, HTTPStatus.MOVED_PERMANENTLY, {"Location": REDIRECTS[path]})
        elif path in self.site.files:
            self._send_file(path, *self.site.files[path])
        else:
            self._respond(path, HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"Not found\n")

    do_HEAD = do_GET

    def _send_file(self, path: str, name: str, file: Path) -> None:
        body = file.read_bytes()
        if name in TEMPLATED:
            body = body.replace(b"{{base}}", self.site.url.encode())
        if self.site.widget and name.endswith(".html"):  # ASCII, which is itself in the charset of every page
            tag = f'<script src="{self.site.widget}" data-color="#a8431c" async></script>\n</body>'
            body = body.replace(b"</body>", tag.encode())
        modified = int(file.stat().st_mtime)
        headers = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            "Last-Modified": formatdate(modified, usegmt=True),
            "Cache-Control": "no-cache",
        }
        if self._is_fresh(headers["ETag"], modified):
            self._respond(path, HTTPStatus.NOT_MODIFIED, headers)
        else:
            self._respond(path, HTTPStatus.OK, headers | {"Content-Type": content_type(name)}, body)

    def _is_fresh(self, etag: str, modified: int) -> bool:
        """Whether the client's copy still holds; If-None-Match outranks If-Modified-Since (RFC 9110, 13.2.2)."""
        if known := self.headers.get("If-None-Match"):
            return etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
        if since := self.headers.get("If-Modified-Since"):
            with contextlib.suppress(ValueError):
                return modified <= parsedate_to_datetime(since).timestamp()
        return False

    def _respond(self, path: str, status: HTTPStatus, headers: dict[str, str], body: bytes = b"") -> None:
        self.site.hits[path, status] += 1
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.site.bytes_sent += len(body)

    def log_message(self, *args: object) -> None:
        """Say nothing: the demo's terminal belongs to the crawl."""


def content_type(name: str) -> str:
    """The Content-Type header of the site's file `name`, with the charset that its bytes are in."""
    kind = "text/markdown" if name.endswith(".md") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    return kind + CHARSETS.get(name, "; charset=utf-8") if kind.startswith("text/") else kind


@contextlib.contextmanager
def serving(port: int = 0, folder: Path = SITE) -> Iterator[Site]:
    """Serve `folder` on 127.0.0.1:`port` (0: any free one) from a thread. Raises OSError when the port is taken."""
    site = Site(folder, port)
    thread = Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
        thread.join()


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    port = parser.parse_args().port
    with contextlib.ExitStack() as stack:
        try:
            site = stack.enter_context(serving(port))
        except (OSError, OverflowError) as error:  # the last: no such port
            raise SystemExit(f"serve: cannot listen on port {port} ({error}): name a free one with --port.") from None
        stack.enter_context(contextlib.suppress(KeyboardInterrupt))
        print(f"Persimmon Lane is open at {site.url}/ (Ctrl-C closes it)", flush=True)
        Event().wait()


if __name__ == "__main__":
    main()
