"""Elements whose class names say what they are: faq-question, faq-answer, accordion-title, panel-body, q, a."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import class_names, iterate_ancestors
from retrieval.extraction.page import Page

_SET = (
    r"(faqs?|qa|qna|accordions?|toggles?|colla(?:ps\w*)?|disclosure|expand\w*|spoiler|fold|questions?|panel"
    r"|dropdown|helpie)"
)
_OUTRIGHT_Q = re.compile(
    r"(^|[-_])(questions?|quest|ques|q|faqq|faqquestion|wenti|frage)(-?(text|title|heading|header|name|content|label))?$"
)
_OUTRIGHT_A = re.compile(
    r"(^|[-_])(answers?|ans|a|faqa|faqanswer|daan|huida|antwort)(-?(text|content|body|wrap|wrapper|inner))?$"
)
_HEAD = re.compile(
    rf"(^|[-_]){_SET}([-_]+\w+)*[-_]+(title|header|heading|head|trigger|button|btn|toggle|summary|label|name|tab|control)$|^(toggler|accordion|collapsible)$"
)
_BODY = re.compile(
    rf"(^|[-_]){_SET}([-_]+\w+)*[-_]+(content|contents|body|panel|text|desc|description|inner|details|pane|list|collapse)$|^(panel|collapse|content)$"
)


_OF_HEAD = re.compile(r"[-_](title|header|heading|head|trigger|button|btn|label|control)[-_]+[a-z]+$")


def find_groups(page: Page) -> Iterator[Group]:
    """Elements named question with the element named answer after each; then accordion heads with their bodies."""
    for question, answer, evidence in ((_OUTRIGHT_Q, _OUTRIGHT_A, Evidence.NAMED), (_HEAD, _BODY, Evidence.UNFOLDS)):
        markers = _pair_with_answers(page, _find_named(page, question), _find_named(page, answer, _OF_HEAD))
        if markers:
            yield Group(markers, evidence)


def _find_named(page: Page, pattern: re.Pattern[str], but: re.Pattern[str] | None = None) -> list[Tag]:
    return [
        tag
        for tag in page.tags
        if page.has_text(tag)
        and any(pattern.search(name) and not (but and but.search(name)) for name in class_names(tag))
    ]


def _pair_with_answers(page: Page, questions: list[Tag], answers: list[Tag]) -> list[Marker]:
    """Each outermost question that holds no answer, with the first outermost answer between it and the next."""
    spans = [page.span_of(tag) for tag in answers]
    starts, members = [start for start, _ in spans], {id(tag) for tag in answers}
    heads: list[Tag] = []
    for tag in questions:
        start, end = page.span_of(tag)
        index = bisect.bisect_left(starts, start)
        holds_answer = index < len(starts) and starts[index] < end
        if holds_answer or any(id(parent) in members for parent in iterate_ancestors(tag, page.root)):
            continue
        if not heads or page.span_of(heads[-1])[1] <= start:
            heads.append(tag)
    markers, at = [], 0
    for index, tag in enumerate(heads):
        end = page.span_of(tag)[1]
        limit = page.span_of(heads[index + 1])[0] if index + 1 < len(heads) else page.span_of(page.root)[1]
        while at < len(answers) and spans[at][0] < end:
            at += 1
        body: list[Tag] = []
        while at < len(answers) and spans[at][0] < limit:
            if spans[at][1] <= limit and (not body or spans[at][0] >= page.span_of(body[-1])[1]):
                body.append(answers[at])
            at += 1
        if body:
            markers.append(Marker(tag, tuple(body)))
    return markers
