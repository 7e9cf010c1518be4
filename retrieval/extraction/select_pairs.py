"""From what each markup proposes to the page's pairs: strong groups in declared order, then weak ones, each once."""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from retrieval.extraction import wording
from retrieval.extraction.candidates import Evidence, Group, Marker, Pair, resolve_pairs
from retrieval.extraction.elements import is_hidden
from retrieval.extraction.group_evidence import Verdict, judge_group, only_links, select_pairs
from retrieval.extraction.markup import MARKUPS
from retrieval.extraction.page import Page
from retrieval.extraction.structured import StatedQuestion

_ALIKE = 0.9
MAX_COMPARED = 100  # questions; the comparison is quadratic


class _Claims:
    """The places on the page that pairs have taken."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pairs: list[Pair] = []
        self.starts: list[int] = []
        self._spans: list[tuple[int, int]] = []

    def add_pair(self, pair: Pair) -> None:
        self.pairs.append(pair)
        start = self.page.span_of(pair.node)[0]
        bisect.insort(self.starts, start)
        for span in (self.page.span_of(pair.node), *pair.spans):
            bisect.insort(self._spans, span)

    def is_free(self, pair: Pair) -> bool:
        """Whether neither question nor answer touches what another pair has taken."""
        return not any(self._is_taken(*span) for span in (self.page.span_of(pair.node), *pair.spans))

    def _is_taken(self, start: int, end: int) -> bool:
        index = bisect.bisect_left(self._spans, (start, start))
        if index < len(self._spans) and self._spans[index][0] < end:
            return True
        return any(last > start for _, last in self._spans[max(0, index - 8) : index])


def find_pairs(page: Page, stated: Sequence[StatedQuestion]) -> tuple[list[Pair], list[Pair]]:
    """-> the page's visible pairs in document order, and those that only say one of them again.

    `stated` (structured data) only helps to recognise questions.
    """
    claims = _Claims(page)
    known = {wording.fold_text(entry.question) for entry in stated}
    groups = _keep_widest_groups(page, [group for markup in MARKUPS for group in markup(page)])
    for verdict in (Verdict.STRONG, Verdict.WEAK):
        for group in groups:
            _claim_group(page, group, verdict, claims)
    if known:
        _claim_stated(page, known, claims)
    return _set_copies_apart(page, sorted(claims.pairs, key=lambda pair: page.span_of(pair.node)[0]))


def _keep_widest_groups(page: Page, groups: list[Group]) -> list[Group]:
    """The groups without those whose questions another accepted group of mere looks has too, and more."""
    heads = [
        {page.first_letter(pair.node) for pair in pairs}
        if group.evidence == Evidence.LOOKS
        and judge_group(page, group, pairs := resolve_pairs(page, group)) == Verdict.STRONG
        else set()
        for group in groups
    ]
    return [
        group for group, own in zip(groups, heads, strict=True) if not (own and any(own < other for other in heads))
    ]


def _claim_group(page: Page, group: Group, wanted: Verdict, claims: _Claims) -> None:
    pairs = resolve_pairs(page, group, claims.starts)
    if judge_group(page, group, pairs) < wanted or (wanted == Verdict.WEAK and not _may_be_weak(page, group, claims)):
        return
    for pair in select_pairs(page, pairs, group.evidence):
        if claims.is_free(pair) and not only_links(page, pair):
            claims.add_pair(pair)


def _may_be_weak(page: Page, group: Group, claims: _Claims) -> bool:
    """Topics without a question's words are taken for questions where they unfold, or where an FAQ has nothing else."""
    return group.evidence > Evidence.LOOKS or (page.is_faq and not claims.pairs)


def _claim_stated(page: Page, known: set[str], claims: _Claims) -> None:
    """Blocks that say a question which structured data states too, where no markup gave it away."""
    found = {wording.fold_text(pair.question) for pair in claims.pairs}
    markers = [
        Marker(block)
        for block in page.blocks
        if (said := wording.fold_text(page.text_of(block))) in known and said not in found
    ]
    for pair in resolve_pairs(page, Group(markers, Evidence.LOOKS), claims.starts):
        if claims.is_free(pair) and not only_links(page, pair):
            claims.add_pair(pair)


def _set_copies_apart(page: Page, pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Each pair once, and the others: of two with the same question and like answers the visible one stays, then the
    first."""
    kept: dict[str, list[Pair]] = {}
    copies = []
    marked = [replace(pair, hidden=is_hidden(pair.node, page.root)) for pair in pairs]
    seen = {wording.fold_text(pair.question) for pair in marked if not pair.hidden}
    hidden = [pair for pair in marked if pair.hidden]
    near = {question: _is_near_duplicate(question, seen) for question in {pair.question for pair in hidden}}
    is_copy = bool(hidden) and sum(near[pair.question] for pair in hidden) * 2 >= len(hidden)
    for pair in sorted(marked, key=lambda pair: pair.hidden):
        same = kept.setdefault(wording.fold_text(pair.question), [])
        again = pair.hidden and (is_copy or near[pair.question])
        if again or any(_is_same_answer(page, pair, other) for other in same):
            copies.append(pair)
        else:
            same.append(pair)
    found = [pair for same in kept.values() for pair in same]
    return sorted(found, key=lambda pair: page.span_of(pair.node)[0]), copies


def _is_near_duplicate(question: str, seen: set[str]) -> bool:
    """Whether the question is among the seen ones, but for a few characters (compared only where that is cheap)."""
    folded = wording.fold_text(question)
    if folded in seen or len(seen) > MAX_COMPARED:
        return folded in seen
    matcher = difflib.SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(folded)
    for other in seen:
        if abs(len(other) - len(folded)) < 10:
            matcher.set_seq1(other)
            if matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE:
                return True
    return False


def _is_same_answer(page: Page, one: Pair, other: Pair) -> bool:
    """Whether two answers share most of their words (or, without spaces, their character pairs)."""
    first, second = _build_shingles(page, one), _build_shingles(page, other)
    return len(first & second) >= 0.5 * min(len(first), len(second))


def _build_shingles(page: Page, pair: Pair) -> set[str]:
    folded = wording.fold_text(" ".join(page.text_of(node) for node in pair.answer))
    return {folded[i : i + 4] for i in range(max(1, min(len(folded), 4000) - 3))}
