"""Canonical URLs and the scope of a crawl. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

MAX_URL = 2083  # what every browser and proxy passes on
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = re.compile(
    r"(utm_\w+|gclid|dclid|gbraid|wbraid|fbclid|msclkid|yclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi|_ga|_gl|spm|"
    r"phpsessid|jsessionid|aspsessionid\w*)",
    re.IGNORECASE,
)
_SESSION_IN_PATH = re.compile(r";(jsessionid|phpsessid)=[^/?#;]*", re.IGNORECASE)
_DIRECTORY_INDEX = re.compile(r"/index\.(html?|php)$", re.IGNORECASE)

# By their names no page: not worth a request. The Content-Type decides on the rest.
_NO_PAGE = re.compile(
    r"\.(7z|aac|aiff?|apk|asf|atom|avi|bin|bmp|bz2|css|dmg|doc|eot|exe|flv|gif|gz|ico|iso|jar|jpe?g|js|json|m4[av]|"
    r"mjs|mov|mp[34]|mpe?g|msi|odp|odt|ogg|otf|png|pp[st]x?|psd|rar|rss|svg|swf|tar|tgz|tiff?|ttf|wasm|wav|"
    r"webm|webp|wma|wmv|woff2?|xml|xz|zip)$",
    re.IGNORECASE,
)


def to_canonical_url(url: str, base: str = "", encoding: str = "utf-8", *, routes: bool = False) -> str:
    """The one form of an http(s) URL: absolute against `base`, no fragment, no default port, no tracking or session
    parameters, the rest sorted, percent-encoded as a browser would (the query in the page's `encoding`).

    With `routes` a fragment that names a page stays (`find_route`). "" for what is no http(s) URL, carries a user name,
    or is longer than MAX_URL.
    """
    try:
        absolute = urljoin(base, url.strip()) if base else url.strip()
    except ValueError:
        return ""
    address, _, fragment = absolute.partition("#")
    canonical = _canonicalize_absolute(address, encoding)
    route = find_route(f"#{fragment}") if routes and canonical else ""
    return canonical + route if len(canonical + route) <= MAX_URL else ""


def find_route(fragment: str) -> str:
    """The fragment (with its #) by which a page's own scripts show another page (#/faq, #!/faq, #!faq), encoded; "" for
    the start of such routes, and for a place on a page."""
    if not fragment.startswith(("#/", "#!")) or not fragment[1:].strip("!/"):
        return ""
    return str(safe_url_string(f"http://host/{fragment}")).removeprefix("http://host/")


@lru_cache(maxsize=20_000)  # a site's navigation stands on all of its pages
def _canonicalize_absolute(url: str, encoding: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
            return ""
        safe = urlsplit(safe_url_string(url, encoding=encoding, path_encoding="utf-8"))
        query = "&".join(pair for pair in safe.query.split("&") if pair and not _is_tracking(pair))
        path = _SESSION_IN_PATH.sub("", safe.path)
        # w3lib would turn "?id" into "?id=", which some servers take for another page
        sortable = not query or all("=" in pair for pair in query.split("&"))
        tidy = canonicalize_url(urlunsplit((safe.scheme, _build_netloc(safe), path, query if sortable else "", "")))
    except (ValueError, UnicodeError):
        return ""
    result = tidy if sortable else f"{tidy}?{query}"
    return result if len(result) <= MAX_URL else ""


def _is_tracking(pair: str) -> bool:
    return _TRACKING.fullmatch(pair.partition("=")[0]) is not None


def _build_netloc(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    return shown if port is None or port == _DEFAULT_PORTS[parts.scheme] else f"{shown}:{port}"


def parse_origin(url: str) -> tuple[str, int | None]:
    """Host and port; http and https on their default ports are one origin here (port None)."""
    parts = urlsplit(url)
    port = parts.port
    return parts.hostname or "", None if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else port


def swap_www(netloc: str) -> str:
    """A site's other name: www.example.com for example.com, and the other way round."""
    return netloc.removeprefix("www.") if netloc.startswith("www.") else f"www.{netloc}"


def parent_directory(url: str) -> str:
    """The path up to its last slash: "/help/a.html" -> "/help/"."""
    path = urlsplit(url).path
    return path[: path.rfind("/") + 1] or "/"


def may_be_page(url: str) -> bool:
    """Whether the URL's ending leaves room for HTML, Markdown, text or a document."""
    return _NO_PAGE.search(urlsplit(url).path) is None


def grows_without_end(url: str) -> bool:
    """Whether the path says the same thing three times in a row (/a/b/a/b/a/b/): a relative link that leads deeper each
    time it is followed. Numbers alone are no sign: /11/11/11 is a day."""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    for length in range(1, len(parts) // 3 + 1):
        for at in range(len(parts) - 3 * length + 1):
            first = parts[at : at + length]
            thrice = first == parts[at + length : at + 2 * length] == parts[at + 2 * length : at + 3 * length]
            if thrice and not all(part.isdigit() for part in first):
                return True
    return False


def is_same_page(url: str, declared: str) -> bool:
    """Whether a page may call itself `declared`: the same host with www. or without, and a path that differs at most in
    letter case, a trailing slash or a directory index. Sites that declare their home page on every page are common."""
    (host, port), (other, other_port) = parse_origin(url), parse_origin(declared)
    is_one_site = port == other_port and other in (host, swap_www(host))
    return is_one_site and _bare_path(url) == _bare_path(declared)


def _bare_path(url: str) -> str:
    return _DIRECTORY_INDEX.sub("/", urlsplit(url).path).rstrip("/").lower()


@dataclass(frozen=True, slots=True)
class Scope:
    """What belongs to a website: one host (with its port), below one path prefix; the start page always does.

    `fixed` says that an operator chose the prefix, `has_two_names` that the site calls itself by its host's other name
    (with www. or without), too.
    """

    start: str
    prefix: str
    fixed: bool = False
    has_two_names: bool = False

    @classmethod
    def from_start(cls, start: str, path_prefix: str = "") -> Scope:
        """`start` is canonical; no `path_prefix` means the directory of `start`."""
        prefix = "/" + path_prefix.lstrip("/") if path_prefix else parent_directory(start)
        return cls(start, urlsplit(to_canonical_url(prefix, start)).path or "/", bool(path_prefix))

    def contains(self, url: str) -> bool:
        """Whether the canonical URL belongs to the site."""
        return url == self.start or url.startswith(_build_url_prefixes(self.start, self.prefix, self.has_two_names))

    def learn_names(self, urls: Iterable[str]) -> Scope:
        """The scope after the start page named these: one under the host's other name says that it is the site's."""
        host, port = parse_origin(self.start)
        if host.replace(".", "").isdigit() or ":" in host or (swap_www(host), port) not in map(parse_origin, urls):
            return self
        return replace(self, has_two_names=True)

    def move_to(self, start: str) -> Scope:
        """The scope after the start page redirected to `start`: its host, and the old prefix where it still holds
        (or was chosen), else the new page's directory."""
        keeps = self.fixed or urlsplit(start).path.startswith(self.prefix)
        return replace(self, start=start, prefix=self.prefix if keeps else parent_directory(start))


@lru_cache(maxsize=16)  # asked for every link of every page
def _build_url_prefixes(start: str, prefix: str, two_names: bool) -> tuple[str, ...]:
    """What the canonical URLs of a site begin with, under either of its names if it has two."""
    host, port = parse_origin(start)
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    hosts = (netloc, swap_www(netloc)) if two_names else (netloc,)
    return tuple(f"{scheme}://{name}{prefix}" for scheme in _DEFAULT_PORTS for name in hosts)
