"""Folders of HTML, Markdown and text files and of documents as a source, and single files."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from retrieval.crawling.settings import MIB, CrawlSettings
from retrieval.documents import Source
from retrieval.errors import SourceError
from retrieval.interfaces import Fetch, FetchOutcome, KnownPage
from retrieval.media_types import DOCUMENT_TYPES

_TEXT_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".mdx": "text/markdown",
    ".txt": "text/plain",
}
CONTENT_TYPES = {**_TEXT_TYPES, **DOCUMENT_TYPES}
_KINDS = "file of a kind that is read (" + ", ".join(CONTENT_TYPES) + ")"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_NO_TEXT = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))  # the escape belongs to ISO-2022-JP
_SAMPLE = 65_536  # bytes


class FolderReader:
    """Implements `Crawler` for folders.

    A file's URL is its file:// URI; its etag is its size and modification time, so that an unchanged file is not even
    opened. Hidden files and folders are passed over, and symbolic links are followed to files inside the folder only.
    """

    def __init__(self, settings: CrawlSettings | None = None) -> None:
        self._settings = settings or CrawlSettings()

    def crawl(self, source: Source, known: Mapping[str, KnownPage]) -> Iterator[Fetch]:
        """Yield each file's outcome, in the order of their paths; known files that are no more are GONE, files of
        another kind, and links that lead in a circle, SKIPPED.

        Raises SourceError when the folder is missing, cannot be read, or holds nothing and never did.
        """
        root = _resolve_folder(source.location)
        found = sorted(_find_files(root))
        looping = dict.fromkeys(path for path in found if _is_loop(path))
        files = [path for path in found if path not in looping and _lies_inside(path, root)]
        paths = [path for path in files if path.suffix.lower() in CONTENT_TYPES]
        if not paths and not known:
            raise SourceError(f"{root} holds no {_KINDS}: name another folder.")
        limit = source.max_pages or self._settings.max_pages
        urls = set()
        for path in paths[:limit]:
            url = path.as_uri()
            urls.add(url)
            yield _fetch_file(path, known.get(url), self._settings, discovered=min(len(paths), limit))
        beyond = {path.as_uri() for path in paths[limit:]}
        for url in known:
            if url not in urls:
                reason = f"the source's limit of {limit} pages was reached" if url in beyond else "the file is no more"
                yield Fetch(url, FetchOutcome.GONE, reason=reason)
        for path in looping:
            reason = "it is a symbolic link that leads in a circle: delete it"
            yield Fetch(path.as_uri(), FetchOutcome.SKIPPED, reason=reason, discovered=len(urls))
        for path in files:
            if path.suffix.lower() not in CONTENT_TYPES:
                reason = f"{path.suffix or 'a file without an ending'} is not read"
                yield Fetch(path.as_uri(), FetchOutcome.SKIPPED, reason=reason, discovered=len(urls))


def read_file(path: Path, settings: CrawlSettings | None = None) -> Fetch:
    """One file, fetched. Raises SourceError when it is missing, of another kind, too large or cannot be read."""
    if path.suffix.lower() not in CONTENT_TYPES:
        raise SourceError(f"{path} is no {_KINDS}.")
    fetch = _fetch_file(path.absolute(), None, settings or CrawlSettings())
    if fetch.outcome is not FetchOutcome.FETCHED:
        raise SourceError(f"{path} cannot be read: {fetch.reason}.")
    return fetch


def _resolve_folder(location: str) -> Path:
    root = Path(location).expanduser()
    if not root.exists():
        raise SourceError(f"The folder {root} does not exist: check the path.")
    if not root.is_dir():
        raise SourceError(f"{root} is no folder: name the folder that holds the file.")
    if not os.access(root, os.R_OK | os.X_OK):
        raise SourceError(f"The folder {root} cannot be read: give this user leave to (chmod o+rx).")
    return root.resolve()


def _find_files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield Path(folder) / name


def _is_loop(path: Path) -> bool:
    """Whether it is a link that leads back to itself, over whatever others."""
    if not path.is_symlink():
        return False
    try:
        path.resolve(strict=True)
    except RuntimeError:  # as Python 3.11 says it; later ones raise the OSError
        return True
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _lies_inside(path: Path, root: Path) -> bool:
    return not path.is_symlink() or path.resolve().is_relative_to(root)


def _fetch_file(path: Path, known: KnownPage | None, settings: CrawlSettings, discovered: int = 1) -> Fetch:
    url = path.as_uri()
    max_bytes = settings.limit_bytes(url)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return _build_failed_fetch(url, "it is no regular file", discovered)
        etag = f"{found.st_size}-{found.st_mtime_ns}"
        if known and known.etag == etag:
            return Fetch(url, FetchOutcome.UNCHANGED, url, etag=etag, links=known.links, discovered=discovered)
        with path.open("rb") as file:
            body = file.read(max_bytes + 1)
    except OSError as error:
        return _build_failed_fetch(url, (error.strerror or str(error)).lower(), discovered)
    if len(body) > max_bytes:
        return _build_failed_fetch(url, f"it is larger than {max_bytes / MIB:g} MiB", discovered)
    if path.suffix.lower() in _TEXT_TYPES and not _is_text(body[:_SAMPLE]):
        return _build_failed_fetch(url, "it cannot be decoded: it looks binary", discovered)
    return Fetch(
        url,
        FetchOutcome.FETCHED,
        url,
        body=body,
        content_type=CONTENT_TYPES[path.suffix.lower()],
        etag=etag,
        bytes_received=len(body),
        discovered=discovered,
    )


def _is_text(sample: bytes) -> bool:
    """Whether some encoding could make it readable: in all but UTF-16 control characters are rare."""
    if sample.startswith(_BOMS):
        return True
    wide = max(sample[start::2].count(0) for start in (0, 1)) > len(sample) // 5
    return wide or len(sample) - len(sample.translate(None, _NO_TEXT)) <= len(sample) // 50


def _build_failed_fetch(url: str, reason: str, discovered: int) -> Fetch:
    return Fetch(url, FetchOutcome.FAILED, url, reason=reason, discovered=discovered)
