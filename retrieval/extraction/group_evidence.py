"""Which groups of candidate pairs are questions and answers, and which pairs of them stay."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from statistics import fmean

from bs4 import Tag

from retrieval.extraction import phrases, wording
from retrieval.extraction.candidates import Evidence, Group, Pair
from retrieval.extraction.elements import find_links, holds_button, iterate_ancestors, leads_somewhere
from retrieval.extraction.lone_questions import stand_alone, states_something
from retrieval.extraction.page import Page
from retrieval.extraction.series import LIKELY, find_series


class Verdict(IntEnum):
    """What a group is taken for."""

    NO = 0
    WEAK = 1  # only where nothing stronger claims the place
    STRONG = 2


def judge_group(page: Page, group: Group, pairs: Sequence[Pair]) -> Verdict:
    """Whether the group's pairs are questions with answers, by markup, words and what the page says of itself."""
    if not pairs or _is_index(page, pairs):
        return Verdict.NO
    likes = fmean(wording.question_likeness(pair.question) > LIKELY for pair in pairs)
    asked = fmean(
        phrases.plainly_asks(pair.question) or wording.question_likeness(pair.question) == 1 for pair in pairs
    )
    announced = page.is_in_faq(pairs[0].node)
    if group.evidence == Evidence.NAMED:
        return Verdict.STRONG if announced or len(pairs) > 1 or asked else Verdict.WEAK
    if group.evidence == Evidence.LOOKS and len(pairs) == 1 and not asked:
        return Verdict.NO
    if announced and (likes >= (0.25 if group.evidence == Evidence.UNFOLDS else 0.5) or find_series(page, pairs)):
        return Verdict.STRONG
    unfolds = group.evidence == Evidence.UNFOLDS
    enough = len(pairs) >= (2 if unfolds else 3)
    if enough and asked >= (0.5 if unfolds else 0.6) and not page.is_legal and (unfolds or not page.is_post):
        return Verdict.STRONG
    if not enough and stand_alone(page, pairs, unfolds=unfolds):
        return Verdict.STRONG
    if announced and enough and _reads_as_prose(page, pairs):
        return Verdict.WEAK
    return Verdict.NO


def select_pairs(page: Page, pairs: Sequence[Pair], evidence: Evidence) -> list[Pair]:
    """The pairs that stay of an accepted group: no calls to the reader; where many do not ask, only those that do or
    stand in one series with them."""
    announced = page.is_in_faq(pairs[0].node)
    stay = [pair for pair in pairs if not phrases.asks_reader_on(pair.question) and not _is_title(pair.question)]
    if evidence != Evidence.LOOKS:
        return stay
    if not announced:
        stay = [pair for pair in stay if not phrases.is_chapter(pair.question)]
    stay = [pair for pair in stay if not _is_call(page, pair)]
    asking = {id(pair) for pair in pairs if wording.question_likeness(pair.question) > LIKELY}
    series = {id(pair) for pair in find_series(page, pairs)} if announced and len(asking) < 0.6 * len(pairs) else set()
    if not series and not 0.3 < len(asking) / len(pairs) < 0.6:
        return stay
    return [pair for pair in stay if id(pair) in series | asking]


def _is_call(page: Page, pair: Pair) -> bool:
    return phrases.is_pitch(pair.question) or (phrases.is_offer(pair.question) and _leads_on(page, pair))


def _leads_on(page: Page, pair: Pair) -> bool:
    """Whether the answer states nothing itself, or ends in a line that is nothing but a link or button."""
    blocks = page.blocks_in(*pair.spans[-1])
    return not any(states_something(page.text_of(node)) for node in pair.answer) or (
        bool(blocks) and (page.is_entry(blocks[-1]) or holds_button(blocks[-1]))
    )


def _is_title(text: str) -> bool:
    return wording.speaks_of_faq(text) and not phrases.plainly_asks(text)


def only_links(page: Page, pair: Pair) -> bool:
    """Whether the answer is a list of links: a menu, or an index of other questions."""
    letters = sum(page.count_letters(*span) for span in pair.spans)
    linked = sum(page.count_letters(*span) * page.linked_share(*span) for span in pair.spans)
    links = [
        link for node in pair.answer if isinstance(node, Tag) for link in (node, *find_links(node)) if link.name == "a"
    ]
    if len(links) == 1:  # to where the question stands again, "1.1" before it
        return bool(page.local_fragment(links[0])) and linked > 0.75 * letters
    return len(links) >= 2 and linked > 0.85 * letters


def _is_index(page: Page, pairs: Sequence[Pair]) -> bool:
    """Whether most questions are links to other pages, or most answers nothing but links."""
    elsewhere = sum(_leads_elsewhere(page, pair.node) for pair in pairs)
    return elsewhere * 2 > len(pairs) or sum(only_links(page, pair) for pair in pairs) * 2 > len(pairs)


def _leads_elsewhere(page: Page, question: Tag) -> bool:
    text = page.text_of(question)
    links = [*find_links(question), *(a for a in iterate_ancestors(question, page.root) if a.name == "a")]
    if question.name == "a":
        links.append(question)
    for link in links:
        if leads_somewhere(link) and not page.leads_here(link) and len(page.text_of(link)) > 0.7 * len(text):
            return True
    return False


def _reads_as_prose(page: Page, pairs: Sequence[Pair]) -> bool:
    """Whether the typical answer is a sentence or more and not mostly links."""
    sizes = sorted(sum(page.count_letters(*span) for span in pair.spans) for pair in pairs)
    linked = fmean(page.linked_share(*span) for pair in pairs for span in pair.spans)
    return sizes[len(sizes) // 2] >= 15 and linked < 0.5
