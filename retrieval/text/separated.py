"""Tables as plain text (CSV), as spreadsheet programs write them: in which encoding, and parted by what."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

_ORDINARY = 0.8  # of the characters beyond ASCII
_SEPARATOR = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)  # as a first line, for Excel


class SeparatedError(Exception):
    """What is wrong with a row: `line` is where it begins, the message the parser's, `mend` what to do."""

    def __init__(self, line: int, message: str, mend: str) -> None:
        super().__init__(message)
        self.line, self.mend = line, mend


def choose_encoding(body: bytes, guessed: str) -> str:
    """By its byte order mark; else as `guessed`, where ordinary simplified Chinese does not say otherwise."""
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "gb18030" if guessed != "utf-8" and _is_simplified(body) else guessed


def _is_simplified(body: bytes) -> bool:
    """Whether it reads as ordinary simplified Chinese, which a file of few characters shows better than their
    frequency: nearly all are those that GB 2312 has first, punctuation included."""
    try:
        wide = [character for character in body.decode("gb18030") if ord(character) > 0x7F]
    except UnicodeDecodeError:
        return False
    codes = [character.encode("gb2312", "ignore") for character in wide]
    return sum(code[:1] <= b"\xd7" for code in codes if code) >= _ORDINARY * len(codes)


def read_separated(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row's cells, and the line it begins on; lines without any are passed over. Raises SeparatedError."""
    said = _SEPARATOR.match(text)
    text = text[said.end() :] if said else text
    first = text.lstrip("\r\n").partition("\n")[0]
    # Where the comma is the decimal point, Excel writes semicolons.
    separator = said[1] if said else max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = above = 1 + bool(said)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            mend = "write a double quote in a quoted cell twice"
            if "field limit" in str(error):
                mend = "close its double quote, or shorten its longest cell"
            raise SeparatedError(line, str(error), mend) from error
        if cells is None:
            return
        if cells:
            yield line, cells
        line = reader.line_num + above
