"""Checks a stream of written Markdown against the passages it was written from.

A marker [n] names the n-th passage of the result. Markers are renumbered in the order they appear, one that names no
passage is dropped, and a URL goes out only if it stands in a passage that is cited: a link waits for its citation.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.answers.markup import Scanner, Token, href, neutral
from bot.conversation import Citation
from retrieval.documents import Passage, ScoredPassage
from retrieval.text import clean

_FOLLOWABLE = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_TRAILING_PUNCTUATION = re.compile(r"[.,;:!?*_~]+$")
_DROPPED_URL = "…"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that goes out as `text` once one of the passages `needs` is cited, and as `otherwise` if none ever is."""

    text: str
    otherwise: str = ""
    needs: frozenset[int] = frozenset()


class CitationChecker:
    """Feed it what the writer writes; what it returns may go to a customer. Joined, that is the answer."""

    def __init__(self, passages: Sequence[ScoredPassage]) -> None:
        self._passages = [scored.passage for scored in passages]
        self._scanner = Scanner()
        self._line = ""
        self._waiting: deque[_Piece] = deque()
        self._numbers: dict[int, int] = {}  # rank of a cited passage -> the number shown for it

    @property
    def citations(self) -> tuple[Citation, ...]:
        """What was cited so far, by number."""
        cited = ((number, self._passages[rank - 1]) for rank, number in self._numbers.items())
        return tuple(Citation.of(passage, number) for number, passage in cited)

    def feed(self, piece: str) -> str:
        """Take a further piece; return what is settled by now ("" when nothing is)."""
        text = self._line + clean(piece).replace("\r", "")
        lines_end = text.rfind("\n") + 1
        self._check(text[:lines_end])
        self._line = text[lines_end:]
        settled = self._scanner.settled(self._line)
        self._check(self._line[:settled])
        self._line = self._line[settled:]
        return self._release()

    def finish(self) -> str:
        """The rest, after the last piece."""
        self._check(self._line)
        self._line = ""
        return self._release(final=True)

    def _check(self, text: str) -> None:
        self._waiting.extend(self._checked(token) for token in self._scanner.scan(text))

    def _release(self, final: bool = False) -> str:
        out = []
        while self._waiting:
            piece = self._waiting[0]
            cited = not piece.needs or not piece.needs.isdisjoint(self._numbers)
            if not cited and not final:
                break
            out.append(piece.text if cited else piece.otherwise)
            self._waiting.popleft()
        return "".join(out)

    def _checked(self, token: Token) -> _Piece:
        if token.kind == "marker":
            return _Piece(self._marker(token.text, token.numbers))
        if token.kind == "link":
            if token.label.isdigit() and int(token.label) in range(1, len(self._passages) + 1):
                return _Piece(self._marker(token.text, (int(token.label),)))
            return self._link(token)
        if token.kind == "url":
            return self._bare_url(token)
        return _Piece(neutral(token))

    def _marker(self, text: str, ranks: Sequence[int]) -> str:
        known = [rank for rank in dict.fromkeys(ranks) if 1 <= rank <= len(self._passages)]
        numbers = [self._numbers.setdefault(rank, len(self._numbers) + 1) for rank in known]
        space = text[: len(text) - len(text.lstrip())] if numbers else ""
        return space + "".join(f"[{number}]" for number in numbers)

    def _link(self, token: Token) -> _Piece:
        parts = [part for part in Scanner().scan(token.label) if part.kind != "marker"]
        otherwise = "".join(neutral(part) for part in parts if part.kind != "url")
        needs = self._holders(token.target)
        if not needs:
            return _Piece(otherwise)
        # A label that shows another URL than the one it leads to is a lure.
        label = "".join(neutral(part) for part in parts if part.kind != "url" or part.target in token.target)
        image = "!" if token.text.startswith("!") else ""
        return _Piece(f"{image}[{label}]({token.target})", otherwise, needs)

    def _bare_url(self, token: Token) -> _Piece:
        bracketed = token.text.startswith("<") and token.text.endswith(">")
        punctuation = "" if bracketed else (_TRAILING_PUNCTUATION.findall(token.target) or [""])[0]
        url = token.target.removesuffix(punctuation)
        needs = self._holders(url)
        shown = f"<{url}>" if bracketed else url
        return _Piece(shown + punctuation, _DROPPED_URL, needs) if needs else _Piece(_DROPPED_URL)

    def _holders(self, url: str) -> frozenset[int]:
        """The ranks of the passages `url` stands in, whole; none for what is not to be followed (javascript: …)."""
        if not _FOLLOWABLE.match(url):
            return frozenset()
        whole = re.compile(rf"(?<![\w/.-]){re.escape(url)}(?![/%?=&#@-]|\.?\w)", re.ASCII)
        return frozenset(
            rank
            for rank, (urls, text) in enumerate(self._sources, start=1)
            if url in urls or whole.search(text) is not None
        )

    @cached_property
    def _sources(self) -> list[tuple[set[str], str]]:
        """Each passage's own URLs (as it is, and as a link holds it) and its text."""
        return [_source(passage) for passage in self._passages]


def _source(passage: Passage) -> tuple[set[str], str]:
    document = passage.document
    return {document.url, href(document.url)}, clean(f"{document.answer}\n{passage.text}")
