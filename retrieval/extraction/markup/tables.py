"""Tables whose first row says which column asks and which answers: "Question | Answer", "No. | 问题 | 解答"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import find_ancestor
from retrieval.extraction.page import Page

_ASKS = re.compile(
    r"(?:(?:frequently|commonly)\s+asked\s+|common\s+|customer\s+)?questions?|q|faqs?|(?:常见|常見)?(?:问题|問題|疑问|疑問)|问|問",
    re.IGNORECASE,
)
_ANSWERS = re.compile(
    r"(?:our\s+|the\s+)?(?:answers?|repl(?:y|ies)|responses?|solutions?)|a|答案|回答|解答|答复|答覆|答|解决方法|解決方法",
    re.IGNORECASE,
)


def find_groups(page: Page) -> Iterator[Group]:
    """One group for each such table. Columns count from the right: a cell over several rows stands at the left."""
    for table in page.tags:
        if table.name != "table":
            continue
        rows = [row for row in table.find_all("tr") if find_ancestor(row, ("table",)) is table]
        cells = [list(row.find_all(("td", "th"), recursive=False)) for row in rows]
        if len(cells) < 2:
            continue
        titles = [page.text_of(cell).strip(" :：") for cell in cells[0]]
        asks = next((index for index, title in enumerate(titles) if _ASKS.fullmatch(title)), None)
        answers = next((index for index, title in enumerate(titles) if _ANSWERS.fullmatch(title)), None)
        if asks is None or answers is None:
            continue
        at, to = asks - len(titles), answers - len(titles)
        markers = [_build_marker(row[at], row[to]) for row in cells[1:] if len(row) >= max(-at, -to)]
        if markers:
            yield Group([marker for marker in markers if page.has_text(marker.question)], Evidence.NAMED)


def _build_marker(question: Tag, answer: Tag) -> Marker:
    return Marker(question, (answer,))
