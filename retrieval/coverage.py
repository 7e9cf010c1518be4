"""How much of a page's text became knowledge, and what was left out. Pure data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from enum import StrEnum
from typing import Any

FEW_LETTERS = 12
"""Fewer letters and digits than this are no text: a button, a badge, a page number."""


class LossKind(StrEnum):
    """Why a text of a page is in none of its documents."""

    FURNITURE = "furniture"  # menus, headers and footers by their markup, controls, copyright lines
    LINKS = "links"  # text that only leads elsewhere
    HIDDEN = "hidden"  # not shown to who reads the page
    HEADING = "heading"  # a title with nothing below it that was taken
    REPEATED = "repeated"  # the same on nearly every page of the source
    SHORT = "short"  # too few letters to say anything
    COLUMN = "column"  # columns of a sheet beside its questions and answers: who changed it, when
    BESIDE = "beside"  # on a page of questions, what is neither question nor answer
    UNREADABLE = "unreadable"  # formulas and drawings
    SCANNED = "scanned"  # pages of a document that are pictures, or whose fonts do not tell their letters
    UNREAD = "unread"  # markup in which no rule sees a text


_UNTOLD = frozenset({LossKind.FURNITURE, LossKind.LINKS, LossKind.HIDDEN, LossKind.HEADING, LossKind.REPEATED})
_NO_LOSS = _UNTOLD | {LossKind.COLUMN}  # which is told all the same: it may be more than that
_MEANINGS = {
    LossKind.FURNITURE: "furniture of the page",
    LossKind.LINKS: "links to other pages",
    LossKind.HIDDEN: "hidden",
    LossKind.HEADING: "titles with no text below",
    LossKind.REPEATED: "repeated over the site",
    LossKind.SHORT: "too short",
    LossKind.COLUMN: "other columns of the sheet",
    LossKind.BESIDE: "beside the questions and answers",
    LossKind.UNREADABLE: "formulas and drawings",
    LossKind.SCANNED: "pages without text",
    LossKind.UNREAD: "markup that is not understood",
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A text that no document holds: why, how many letters and digits, and how it begins ("" for the sum of several).
    `repeated`: it stands on nearly every page of its source."""

    kind: LossKind
    letters: int
    start: str = ""
    repeated: bool = False

    @property
    def is_loss(self) -> bool:
        """Whether the page says something that is now not known; menus, links and the like are none."""
        return not self.repeated and self.kind not in _NO_LOSS


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of a page's visible text, in letters and digits: how many became knowledge, and what did not."""

    kept: int = 0
    left_out: tuple[LeftOut, ...] = ()

    @property
    def lost(self) -> int:
        """Letters of the main text that are not known."""
        return sum(each.letters for each in self.left_out if each.is_loss)

    @property
    def share(self) -> float:
        """What part of the main text became knowledge, 0..1; 1 for a page of links and furniture alone."""
        if not self.shows_text:
            return 0.0
        total = self.kept + self.lost
        return self.kept / total if total >= FEW_LETTERS else 1.0

    @property
    def shows_text(self) -> bool:
        """Whether any text is seen on the page, be it only its menus; the shortest that is known is one."""
        return self.kept > 0 or sum(each.letters for each in self.left_out) >= FEW_LETTERS

    @property
    def is_fault(self) -> bool:
        """Whether nothing came of a page that says more than where its links lead, or that shows nothing at all."""
        if self.kept:
            return False
        linked = sum(each.letters for each in self.left_out if each.kind is LossKind.LINKS)
        return self.lost > max(linked, FEW_LETTERS) or not self.shows_text

    def count_by_kind(self) -> Counter[LossKind]:
        """Letters left out, by reason."""
        letters: Counter[LossKind] = Counter()
        for each in self.left_out:
            letters[LossKind.REPEATED if each.repeated else each.kind] += each.letters
        return letters

    def explain_loss(self) -> str:
        """In one line what is missing, the most first; "" where nothing is."""
        if not self.shows_text:
            return "it shows no text: a script may build it, or it consists of pictures"
        parts = self.count_by_kind()
        kinds = [kind for kind, _ in parts.most_common() if kind not in _UNTOLD or not (self.kept or self.lost)]
        reasons = "; ".join(f"{_MEANINGS[kind]} ({parts[kind]} letters)" for kind in kinds)
        told = [each for each in self.left_out if each.is_loss or each.kind is LossKind.COLUMN]
        starts = [each for each in told if each.start]
        if not starts:
            return reasons
        return f"{reasons}, such as “{max(starts, key=lambda each: each.letters).start}”"

    def as_dict(self) -> dict[str, object]:
        """JSON-ready, for people's scripts."""
        return {
            "share": round(self.share, 3),
            "kept": self.kept,
            "lost": self.lost,
            "left_out": {kind.value: letters for kind, letters in self.count_by_kind().most_common()},
            "reason": self.explain_loss(),
        }

    def list_lost_texts(self) -> list[dict[str, object]]:
        """JSON-ready: what is missing, text by text, the largest first."""
        return [
            {"kind": each.kind.value, "letters": each.letters, "start": each.start}
            for each in self.left_out
            if each.is_loss
        ]

    def list_repeated_texts(self) -> tuple[LeftOut, ...]:
        """What was left out for standing on nearly every page, each text once; what one of them still tells is not
        among them."""
        found = {each.start: each for each in self.left_out if each.start and self._is_repeated(each)}
        return tuple(found.values())

    @staticmethod
    def _is_repeated(text: LeftOut) -> bool:
        return text.repeated or text.kind is LossKind.REPEATED

    def mark_repeated(self, starts: frozenset[str], documents: Sequence[LeftOut]) -> Coverage:
        """The same with what stands on nearly every page of its source told apart: texts left out that begin like one
        of `starts`, and `documents`, which came out of this page. What an earlier call told is forgotten."""
        kept = self.kept + sum(each.letters for each in self.left_out if each.kind is LossKind.REPEATED)
        texts = [replace(each, repeated=each.start in starts) for each in self.left_out]
        parts = [each for each in texts if each.kind is not LossKind.REPEATED]
        for document in documents:  # never more than was seen: a document may hold the page's title besides
            parts.append(replace(document, letters=min(document.letters, kept)))
            kept -= parts[-1].letters
        return Coverage(kept, tuple(parts))

    def to_row(self) -> dict[str, object]:
        """As it is kept with a page; see `from_row`."""
        return {"kept": self.kept, "left_out": [[*astuple(each)] for each in self.left_out]}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Coverage:
        """Raises ValueError, TypeError, KeyError for no row of `to_row`."""
        return cls(
            int(row["kept"]),
            tuple(
                LeftOut(LossKind(kind), int(letters), str(start), bool(repeated))
                for kind, letters, start, repeated in row["left_out"]
            ),
        )


@dataclass(frozen=True, slots=True)
class PageCoverage:
    """A page of a source with its figure, None for one that was read before there were any."""

    source: str
    url: str
    coverage: Coverage | None

    def is_below(self, share: float) -> bool:
        """Whether less than `share` of its text is known, or nothing came of it."""
        return self.coverage is not None and (self.coverage.is_fault or self.coverage.share < share)

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong with it: see `Coverage.is_fault`."""
        return self.coverage is not None and self.coverage.is_fault

    def as_dict(self) -> dict[str, object]:
        """JSON-ready, for people's scripts."""
        return {"source": self.source, "url": self.url, **(self.coverage.as_dict() if self.coverage else {})}


def sort_worst_first(pages: Iterable[PageCoverage]) -> tuple[PageCoverage, ...]:
    """Those with a figure: of which nothing is known, then by the letters that are missing."""
    measured = [(page, page.coverage) for page in pages if page.coverage is not None]
    measured.sort(key=lambda each: (not each[1].is_fault, -each[1].lost, each[0].source, each[0].url))
    return tuple(page for page, _ in measured)


@dataclass(frozen=True, slots=True)
class RepeatedText:
    """A text that is not known because it stands on so many pages of a source: its beginning, and its letters and
    digits on one of them."""

    source: str
    start: str
    letters: int
    pages: int

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CoverageSummary:
    """The figures of many pages. Below `threshold`, a share (0..1), a page is worth a look."""

    pages: tuple[PageCoverage, ...] = ()
    threshold: float = 0.0

    @property
    def measured(self) -> int:
        """How many pages have a figure."""
        return sum(page.coverage is not None for page in self.pages)

    @property
    def share(self) -> float | None:
        """What part of all pages' main text is known, None where no page has any."""
        found = [page.coverage for page in self.pages if page.coverage is not None]
        kept, lost = sum(each.kept for each in found), sum(each.lost for each in found)
        return kept / (kept + lost) if kept + lost else None

    @property
    def below(self) -> tuple[PageCoverage, ...]:
        """The pages of which too little is known, the worst first."""
        return sort_worst_first(page for page in self.pages if page.is_below(self.threshold))

    @property
    def repeated(self) -> tuple[RepeatedText, ...]:
        """What was left out of every page for standing on nearly all of them, the longest first."""
        pages: Counter[tuple[str, str]] = Counter()
        letters: dict[tuple[str, str], int] = {}
        for page in self.pages:
            texts = page.coverage.list_repeated_texts() if page.coverage else ()
            pages.update((page.source, each.start) for each in texts)
            for each in texts:
                key = page.source, each.start
                letters[key] = max(each.letters, letters.get(key, 0))
        found = (RepeatedText(*key, letters[key], count) for key, count in pages.items())
        return tuple(sorted(found, key=lambda each: (-each.letters, each.source, each.start)))

    def select_source(self, source: str) -> CoverageSummary:
        """The same of one source's pages alone."""
        return replace(self, pages=tuple(page for page in self.pages if page.source == source))

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        share = self.share
        return {
            "share": share if share is None else round(share, 3),
            "threshold": self.threshold,
            "pages": self.measured,
            "below": [page.as_dict() for page in self.below],
            "repeated": [text.as_dict() for text in self.repeated],
        }
