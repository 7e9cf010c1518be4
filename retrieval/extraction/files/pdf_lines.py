"""A page of a PDF -> its lines of text with their places and sizes, by PDFium."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from retrieval.text.cleaning import clean_text, make_storable

_GAP = 1.5  # sizes of the letters: no space between two words of a sentence is as wide
_NARROW_GAP = 0.9  # sizes: as wide between two cells, where the next line has a gap at the same place
_NEXT = 3.0  # sizes: lines that are farther apart are no neighbours
_BOLD_NAME = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)
_ITEM_SIGN = re.compile(r"\W+|\W?\w{1,3}[.)]")  # "•", "12.", "a)"
_HYPHEN = "\x02"  # PDFium's sign for a hyphen that only parts a word at the line's end
_NAME_BYTES = 128


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of words without a wide gap. Points, from the lower left corner; `base` is what its letters stand on."""

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool


@dataclass(frozen=True)
class Line:
    """What stands on one line, in the order in which the file draws it. `hyphenated`: its last word goes on below."""

    segments: tuple[Segment, ...]
    hyphenated: bool = False

    @cached_property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)

    @cached_property
    def left(self) -> float:
        return min(segment.left for segment in self.segments)

    @cached_property
    def right(self) -> float:
        return max(segment.right for segment in self.segments)

    @cached_property
    def base(self) -> float:
        return self.segments[0].base

    @cached_property
    def size(self) -> float:
        """That of most of its letters."""
        return max(self.segments, key=lambda segment: len(segment.text)).size

    @cached_property
    def bold(self) -> bool:
        """Whether all of it is."""
        return all(segment.bold for segment in self.segments)


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    text: str
    turned: int  # quarters of a circle
    left: float
    right: float
    base: float
    size: float
    bold: bool


def read_lines(textpage: pdfium.PdfTextPage) -> list[Line]:
    """The page's lines in the order in which they were written into the file, which for text in columns is the order
    in which it is read. Text that stands across the page's direction (a watermark, a margin's note) is left out."""
    characters = [pdfium_c.FPDFText_GetUnicode(textpage, index) for index in range(textpage.count_chars())]
    lines = [
        ([_measure_word(textpage, start, text) for start, text in words], hyphenated)
        for words, hyphenated in _split_words(characters)
    ]
    turns = Counter(word.turned for words, _ in lines for word in words)
    upright = turns.most_common(1)[0][0] if turns else 0
    standing = [([word for word in words if word.turned == upright], hyphenated) for words, hyphenated in lines]
    standing = [(words, hyphenated) for words, hyphenated in standing if words]
    found = []
    for index, (words, hyphenated) in enumerate(standing):
        around = [words for words, _ in (*standing[max(0, index - 1) : index], *standing[index + 1 : index + 2])]
        segments = tuple(_join_words(words, parted=_stands_in_columns(words, around)))
        if segments:
            found.append(Line(segments, hyphenated))
    return found


def _stands_in_columns(words: Sequence[_Word], around: Iterable[Sequence[_Word]]) -> bool:
    """Whether each wide gap of the line goes on in a line next to it, so that cells stand beside one another."""
    gaps = _find_gaps(words)
    beside = [gap for near in around if _is_next(words[0], near[0]) for gap in _find_gaps(near)]
    return bool(gaps) and all(any(left < end and start < right for start, end in beside) for left, right in gaps)


def _find_gaps(words: Sequence[_Word]) -> list[tuple[float, float]]:
    """From where to where; what stands behind a list's sign or number is its text."""
    return [
        (one.right, other.left)
        for one, other in pairwise(words)
        if other.left - one.right >= _NARROW_GAP * max(one.size, other.size)
        and not (one is words[0] and _ITEM_SIGN.fullmatch(one.text))
    ]


def _is_next(one: _Word, other: _Word) -> bool:
    return 0.5 * one.size < abs(one.base - other.base) < _NEXT * max(one.size, other.size)


def _split_words(characters: list[int]) -> Iterator[tuple[list[tuple[int, str]], bool]]:
    """For each line its words, each with the index of its first character, and whether a hyphen ends it."""
    words: list[tuple[int, str]] = []
    letters: list[str] = []
    hyphenated = False
    for index, code in enumerate([*characters, 10]):
        character = chr(code)
        hyphenated = hyphenated or character == _HYPHEN
        if not character.isspace() and character not in _HYPHEN + "\ufffe":
            letters.append(character)
            continue
        if letters:
            words.append((index - len(letters), "".join(letters)))
            letters = []
        if (character in "\r\n" or hyphenated) and words:
            yield words, hyphenated
            words, hyphenated = [], False


def _measure_word(textpage: pdfium.PdfTextPage, start: int, text: str) -> _Word:
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFText_GetMatrix(textpage, start, ctypes.byref(matrix))
    turned = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
    size = pdfium_c.FPDFText_GetFontSize(textpage, start) * math.hypot(matrix.c, matrix.d)
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium_c.FPDFText_GetCharOrigin(textpage, start, ctypes.byref(x), ctypes.byref(y))
    first, last = textpage.get_charbox(start, loose=True), textpage.get_charbox(start + len(text) - 1, loose=True)
    corners = [_turn_back(box[at], box[at + 1], turned) for box in (first, last) for at in (0, 2)]
    origin = _turn_back(x.value, y.value, turned)
    return _Word(
        start,
        text,
        turned,
        min(corner[0] for corner in corners),
        max(corner[0] for corner in corners),
        origin[1],
        round(size * 2) / 2 or 1.0,
        _is_bold(textpage, start),
    )


def _turn_back(x: float, y: float, quarters: int) -> tuple[float, float]:
    for _ in range(quarters):
        x, y = y, -x
    return x, y


def _is_bold(textpage: pdfium.PdfTextPage, index: int) -> bool:
    """By the font's name; its weight is a guess from the width of its stems, which few files tell."""
    name, flags = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_int()
    pdfium_c.FPDFText_GetFontInfo(textpage, index, name, _NAME_BYTES, ctypes.byref(flags))
    forced = bool(flags.value & 1 << 18)
    return forced or _BOLD_NAME.search(name.value.decode("utf-8", "replace")) is not None


def _join_words(words: Iterable[_Word], *, parted: bool) -> Iterator[Segment]:
    """The words of a line as its segments; `parted` by narrow gaps, too."""
    run: list[_Word] = []
    gap = _NARROW_GAP if parted else _GAP
    for word in words:
        if run and not -word.size < word.left - run[-1].right < gap * word.size:
            yield from _build_segment(run)
            run = []
        run.append(word)
    yield from _build_segment(run)


def _build_segment(run: list[_Word]) -> Iterator[Segment]:
    text = clean_text(make_storable(" ".join(word.text for word in run))).strip()
    if text:
        largest = max(run, key=lambda word: (len(word.text), word.size))
        yield Segment(
            text,
            min(word.left for word in run),
            max(word.right for word in run),
            largest.base,
            largest.size,
            all(word.bold for word in run),
        )
