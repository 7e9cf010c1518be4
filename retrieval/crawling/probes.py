"""Addresses that cannot exist: what a server answers for one is no page, whatever its status says."""

from __future__ import annotations

import secrets
from urllib.parse import urljoin, urlsplit

from retrieval.crawling.urls import parent_directory

MAX_PROBES = 5  # in one crawl: one for the site, and one for each folder where a text turns up again


class Probes:
    """Makes up an address for a site, or for one folder of it, once each."""

    def __init__(self) -> None:
        self._folders: set[str] = set()

    @property
    def is_first(self) -> bool:
        """Whether none was made up yet."""
        return not self._folders

    def make_address(self, url: str) -> str:
        """An address beside `url`, with the same ending; "" where its folder was tried, or enough were."""
        folder = urljoin(url, parent_directory(url.rstrip("/")))
        if folder in self._folders or len(self._folders) >= MAX_PROBES:
            return ""
        self._folders.add(folder)
        last = urlsplit(url).path.rpartition("/")[2]
        ending = "/" if not last else last[last.rfind(".") :] if "." in last else ""
        return urljoin(folder, f"no-such-page-{secrets.token_hex(8)}{ending}")
