"""Checks a stream of written Markdown against the passages it was written from.

A marker [n] names the n-th passage of the result. Markers are renumbered in the order they appear, one that names no
passage is dropped, and a URL goes out only if it stands in a passage that is cited: a link waits for its citation.
Whatever else goes out, adapters link to nothing but `links`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from bot.chat.conversation import Citation
from bot.chat.links import find_address_spans
from bot.chat.markdown import decode_entities, find_held_addresses
from bot.chat.markup import Scanner, Token, escape_url, neutralise_token
from retrieval.documents import Passage, ScoredPassage
from retrieval.text.cleaning import clean_text

_FOLLOWABLE = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_TRAILING_PUNCTUATION = ".,;:!?*_~"
_DROPPED_URL = "…"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that goes out as `text` once one of the passages `needs` is cited, which all hold its `address`, and as
    `otherwise` if none ever is."""

    text: str
    otherwise: str = ""
    needs: frozenset[int] = frozenset()
    address: str = ""


class CitationChecker:
    """Feed it what the writer writes; what it returns may go to a customer. Joined, that is the answer."""

    def __init__(self, passages: Sequence[ScoredPassage]) -> None:
        self._passages = [scored.passage for scored in passages]
        self._scanner = Scanner()
        self._line = ""
        self._waiting: deque[_Piece] = deque()
        self._numbers: dict[int, int] = {}  # rank of a cited passage -> the number shown for it
        self._addresses: dict[str, frozenset[int]] = {}  # that went out -> the ranks of the passages that hold them
        self._links: frozenset[str] = frozenset()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """What was cited so far, by number."""
        return tuple(self._build_citation(rank, number) for rank, number in self._numbers.items())

    @property
    def links(self) -> frozenset[str]:
        """The addresses that may be linked to in what went out so far."""
        return self._links

    def _build_citation(self, rank: int, number: int) -> Citation:
        links = tuple(sorted(address for address, ranks in self._addresses.items() if rank in ranks))
        return replace(Citation.of(self._passages[rank - 1], number), links=links)

    def feed(self, piece: str) -> str:
        """Take a further piece; return what is settled by now ("" when nothing is)."""
        text = self._line + clean_text(piece).replace("\r", "")
        lines_end = text.rfind("\n") + 1
        self._check_text(text[:lines_end])
        self._line = text[lines_end:]
        settled = self._scanner.settled(self._line)
        self._check_text(self._line[:settled])
        self._line = self._line[settled:]
        return self._release_pieces()

    def finish(self) -> str:
        """The rest, after the last piece."""
        self._check_text(self._line)
        self._line = ""
        return self._release_pieces(final=True)

    def _check_text(self, text: str) -> None:
        for is_prose, tokens in groupby(self._scanner.scan(text), lambda token: token.kind in {"text", "escape"}):
            if is_prose:
                self._waiting.extend(self._split_prose("".join(token.text for token in tokens)))
            else:
                self._waiting.extend(map(self._check_token, tokens))

    def _release_pieces(self, final: bool = False) -> str:
        out = []
        while self._waiting:
            piece = self._waiting[0]
            cited = not piece.needs or not piece.needs.isdisjoint(self._numbers)
            if not cited and not final:
                break
            out.append(piece.text if cited else piece.otherwise)
            if cited and piece.address and piece.address not in self._links:
                self._addresses[piece.address] = piece.needs
                self._links |= {piece.address}
            self._waiting.popleft()
        return "".join(out)

    def _check_token(self, token: Token) -> _Piece:
        if token.kind == "marker":
            return _Piece(self._renumber_marker(token.text, token.numbers))
        if token.kind == "link":
            if token.label.isdigit() and int(token.label) in range(1, len(self._passages) + 1):
                return _Piece(self._renumber_marker(token.text, (int(token.label),)))
            return self._check_link(token)
        if token.kind == "url":
            return self._check_bare_url(token)
        return _Piece(neutralise_token(token))

    def _renumber_marker(self, text: str, ranks: Sequence[int]) -> str:
        known = [rank for rank in dict.fromkeys(ranks) if 1 <= rank <= len(self._passages)]
        numbers = [self._numbers.setdefault(rank, len(self._numbers) + 1) for rank in known]
        space = text[: len(text) - len(text.lstrip())] if numbers else ""
        return space + "".join(f"[{number}]" for number in numbers)

    def _check_link(self, token: Token) -> _Piece:
        parts = [part for part in Scanner().scan(token.label) if part.kind != "marker"]
        otherwise = "".join(neutralise_token(part) for part in parts if part.kind != "url")
        needs = self._find_link_ranks(token.target)
        if not needs:
            return _Piece(otherwise)
        # A label that shows another URL than the one it leads to is a lure.
        label = "".join(neutralise_token(part) for part in parts if part.kind != "url" or part.target in token.target)
        image = "!" if token.text.startswith("!") else ""
        return _Piece(f"{image}[{label}]({token.target})", otherwise, needs, decode_entities(token.target))

    def _check_bare_url(self, token: Token) -> _Piece:
        bracketed = token.text.startswith("<") and token.text.endswith(">")
        url = token.target if bracketed else token.target.rstrip(_TRAILING_PUNCTUATION)
        needs = self._find_link_ranks(url)
        shown = f"<{url}>" if bracketed else url
        punctuation = token.target[len(url) :]
        return _Piece(shown + punctuation, _DROPPED_URL, needs, decode_entities(url)) if needs else _Piece(_DROPPED_URL)

    def _split_prose(self, text: str) -> Iterator[_Piece]:
        """Prose: an address without a scheme (shop.example, us@shop.example) in it waits for its citation, too, so that
        it is a link from the start, or never."""
        at = 0
        for start, end in find_address_spans(text):
            address = text[start:end]
            if needs := self._find_address_ranks(address):
                yield _Piece(text[at:start])
                yield _Piece(address, address, needs, address)
                at = end
        yield _Piece(text[at:])

    def _find_link_ranks(self, url: str) -> frozenset[int]:
        """The ranks of the passages that hold `url`; none for what is not to be followed (javascript: …)."""
        return self._find_address_ranks(decode_entities(url)) if _FOLLOWABLE.match(url) else frozenset()

    def _find_address_ranks(self, address: str) -> frozenset[int]:
        return frozenset(rank for rank, held in enumerate(self._addresses_by_passage, start=1) if address in held)

    @cached_property
    def _addresses_by_passage(self) -> list[frozenset[str]]:
        """The addresses that each passage holds, and its own, as it is and as a link has it."""
        return [_list_addresses(passage) for passage in self._passages]


def _list_addresses(passage: Passage) -> frozenset[str]:
    document = passage.document
    own = {document.url, escape_url(document.url), decode_entities(escape_url(document.url))} - {""}
    return find_held_addresses(clean_text(f"{document.answer}\n\n{passage.text}")) | own
