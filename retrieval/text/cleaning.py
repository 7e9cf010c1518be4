"""Small pure functions on text that several rooms need."""

from __future__ import annotations

import re
import unicodedata

from retrieval.text.scripts import INVISIBLE, SURROGATES

_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FORMULA = re.compile(rf"[\t\r\n]|[\s\x00-\x1f\x7f-\x9f{INVISIBLE}]*[=+\-@＝＋－＠﹦﹢﹣﹫−]")
_LONE_SURROGATE = re.compile(f"[{SURROGATES}]")


def make_storable(text: str) -> str:
    """`text` as UTF-8 and databases take it: NUL and lone surrogates become U+FFFD, a pair the character it means."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")


def clean_text(text: str) -> str:
    """NFC text without control, invisible and lone surrogate characters; newlines and tabs stay."""
    text = _LONE_SURROGATE.sub("\ufffd", text)
    return unicodedata.normalize("NFC", _CONTROL.sub("", _INVISIBLE.sub("", text)))


def without_controls(text: str) -> str:
    """`text` without what steers a terminal; newlines and tabs stay."""
    return _CONTROL.sub("", text)


def collapse_whitespace(text: str) -> str:
    """`clean_text` on one line with single spaces."""
    return re.sub(r"\s+", " ", clean_text(text)).strip()


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet program may run a cell (OWASP: CSV injection), in whichever width it is written."""
    return _FORMULA.match(cell) is not None


def escape_formula(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula: an apostrophe stands before what could begin one."""
    return f"'{cell}" if is_formula(cell) else cell


def unescape_formula(cell: str) -> str:
    """The cell that `escape_formula` was given."""
    return cell[1:] if cell.startswith("'") and is_formula(cell[1:]) else cell
