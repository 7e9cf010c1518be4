"""Small pure functions on text that several rooms need."""

from __future__ import annotations

import re
import unicodedata

from retrieval.scripts import INVISIBLE, SURROGATES

_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LONE_SURROGATE = re.compile(f"[{SURROGATES}]")


def storable(text: str) -> str:
    """`text` as UTF-8 and databases take it: NUL and lone surrogates become U+FFFD, a pair the character it means."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")


def clean(text: str) -> str:
    """NFC text without control, invisible and lone surrogate characters; newlines and tabs stay."""
    text = _LONE_SURROGATE.sub("\ufffd", text)
    return unicodedata.normalize("NFC", _CONTROL.sub("", _INVISIBLE.sub("", text)))


def collapse(text: str) -> str:
    """`clean` text on one line with single spaces."""
    return re.sub(r"\s+", " ", clean(text)).strip()
