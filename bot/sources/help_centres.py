"""How an admin names a help centre that is read through its maker's interface. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.errors import InvalidSource
from retrieval.documents import SourceKind

ZENDESK, INTERCOM = "zendesk:", "intercom:"
_REGIONS = {
    "": "https://api.intercom.io/",
    "us": "https://api.intercom.io/",
    "eu": "https://api.eu.intercom.io/",
    "au": "https://api.au.intercom.io/",
}
"""The only places that Intercom's token is sent to."""
_NAMES = {"https://api.eu.intercom.io/": "intercom-eu", "https://api.au.intercom.io/": "intercom-au"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


def recognise_help_centre(location: str) -> tuple[SourceKind, str] | None:
    """The kind and location of what `zendesk:HOST`, `intercom:` or a URL of Zendesk's own names; None for what is none.

    Raises InvalidSource for a help centre that is named wrongly.
    """
    if location.startswith(INTERCOM):
        region = location.removeprefix(INTERCOM).strip("/ ").lower()
        if region not in _REGIONS:
            raise InvalidSource(
                f"{location!r} names no region of Intercom: write intercom:, intercom:eu or intercom:au."
            )
        return SourceKind.INTERCOM, _REGIONS[region]
    if location.startswith(ZENDESK):
        address = location.removeprefix(ZENDESK).strip()
        found = _read_centre(address if "://" in address else f"https://{address}")
        if not found:
            raise InvalidSource(
                f"{location!r} names no help centre: write zendesk:HOST, e.g. zendesk:acme.zendesk.com."
            )
        return SourceKind.ZENDESK, found
    found = _read_centre(location) if "://" in location else ""
    is_zendesk = (urlsplit(found).hostname or "").endswith(".zendesk.com")
    return (SourceKind.ZENDESK, found) if is_zendesk else None


def suggest_name(kind: SourceKind, address: str) -> str:
    """What to call a help centre; each region of Intercom has a name of its own."""
    return _NAMES.get(address, "intercom") if kind is SourceKind.INTERCOM else urlsplit(address).netloc


def _read_centre(url: str) -> str:
    """https://HOST/hc, or /hc/LOCALE; "" for another page."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    path = parts.path.strip("/").split("/")
    if path[0] == "hc":
        path = path[1:]
    language = "/".join(path).lower()
    is_whole = host is not None and ("." in host or ":" in host or host == "localhost")  # and no lone "acme"
    plain = parts.scheme in ("https", "http") and "@" not in parts.netloc and not parts.query
    if not is_whole or not plain or re.search(r"\s", url) or not (language == "" or _LANGUAGE.fullmatch(language)):
        return ""
    return f"{parts.scheme}://{parts.netloc.lower()}/hc" + (f"/{language}" if language else "")
