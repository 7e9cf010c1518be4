"""What share of a page's visible text stands in its documents, and why the rest does not. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from retrieval.coverage import FEW_LETTERS, Coverage, LeftOut, LossKind
from retrieval.documents import Document, DocumentKind
from retrieval.extraction import phrases
from retrieval.extraction.visible_text import VisibleBlock
from retrieval.text.cleaning import clean_text
from retrieval.text.scripts import UNSPACED

_TOKEN = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_LINK_TARGET = re.compile(r"\]\((?:[^()\\]|\\.|\([^()]*\))*\)")
_MARKS = re.compile(r"[\\*_`~]")  # of Markdown; they may stand within a word
_LONGEST_START = 80  # characters
_MOST_TEXTS = 40  # lost texts that are told one by one


def measure_coverage(blocks: Iterable[VisibleBlock], documents: Sequence[Document]) -> Coverage:
    """A text counts as kept where two of its words in a row stand so in a document: markup, lists and tables may be
    written otherwise there, and in another order. `blocks` are the page's as it came."""
    known = _KnownWords(documents)
    only_pairs = bool(documents) and all(document.kind is DocumentKind.FAQ for document in documents)
    kept = 0
    left_out: list[LeftOut] = []
    for block in blocks:
        words = _split_words(block.text)
        found = known.find_kept(words)
        letters = sum(len(word) for word, held in zip(words, found, strict=True) if held)
        if 2 * letters < block.letters:  # what two words share with some other text keeps none
            letters, found = 0, [False] * len(words)
        kept += min(letters, block.letters)
        if (rest := block.letters - letters) > 0:
            missing = (
                block.text
                if not letters
                else " ".join(word for word, held in zip(words, found, strict=True) if not held)
            )
            kind = _find_reason(block, rest, only_pairs=only_pairs)
            left_out.append(LeftOut(kind, rest, missing[:_LONGEST_START]))
    return Coverage(kept, tuple(_sum_up(left_out)))


class _KnownWords:
    """The words of a page's documents, and which of them follow each other."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._words: set[str] = set()
        self._pairs: set[tuple[str, str]] = set()
        texts = {
            text
            for document in documents
            for text in (document.question, document.answer, *document.heading_path, *document.alternatives)
        }
        for text in texts:
            words = _split_words(_LINK_TARGET.sub("]", text))
            self._words.update(words)
            self._pairs.update(pairwise(words))

    def find_kept(self, words: Sequence[str]) -> list[bool]:
        """Of each word, whether it stands in a document beside its neighbour here; a lone word, whether it stands."""
        if len(words) == 1:
            return [words[0] in self._words]
        together = [pair in self._pairs for pair in pairwise(words)]
        return [before or after for before, after in zip([False, *together], [*together, False], strict=True)][
            : len(words)
        ]


def _split_words(text: str) -> list[str]:
    return _TOKEN.findall(_MARKS.sub("", clean_text(text)).casefold())


def _find_reason(block: VisibleBlock, letters: int, *, only_pairs: bool) -> LossKind:
    if block.place is not None:
        return block.place
    if block.linked > 0.7 * block.letters:
        return LossKind.LINKS
    if block.is_heading:
        return LossKind.HEADING
    if phrases.is_filler(block.text):
        return LossKind.FURNITURE
    if letters < FEW_LETTERS:
        return LossKind.SHORT
    return LossKind.BESIDE if only_pairs else LossKind.UNREAD


def _sum_up(left_out: Iterable[LeftOut]) -> Iterator[LeftOut]:
    """The largest losses one by one; the others, and what is no loss, as one sum of each kind."""
    losses = sorted((each for each in left_out if each.is_loss), key=lambda each: -each.letters)
    yield from losses[:_MOST_TEXTS]
    sums: dict[LossKind, int] = defaultdict(int)
    for each in (*losses[_MOST_TEXTS:], *(each for each in left_out if not each.is_loss)):
        sums[each.kind] += each.letters
    for kind, letters in sums.items():
        yield LeftOut(kind, letters)
