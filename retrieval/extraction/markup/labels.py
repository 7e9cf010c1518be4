"""Lines that begin with a label: "Q: … A: …", "Question 3.", "问：… 答：…"; also a label in a cell of its own or
on the answer alone."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import PageElement, Tag

from retrieval.extraction import wording
from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import text_of, texts_in
from retrieval.extraction.page import Page


def find_groups(page: Page) -> Iterator[Group]:
    """One group of all labelled blocks. Labels on answers are asked for unless the questions ask by themselves."""
    lines = list(_iterate_lines(page))
    markers, answered = [], 0
    for index, (tag, text) in enumerate(lines):
        then_answered = any(_says_answer(following) for _, following in lines[index + 1 : index + 2])
        if not wording.question_label_length(text) and not (then_answered and wording.question_likeness(text) > 0.4):
            continue
        answered += any(wording.answer_label_length(t) for _, t in lines[index + 1 : index + 3])
        markers.append(Marker(tag, text=text))
    if len(markers) >= 2 or answered:
        evidence = Evidence.NAMED if answered * 2 >= len(markers) else Evidence.LOOKS
        yield Group(markers, evidence)


def _says_answer(text: str) -> bool:
    """Whether the text is labelled as an answer beyond doubt: "A." alone may also count up."""
    length = wording.answer_label_length(text)
    return length > 0 and (text[:length].rstrip().endswith((":", "：")) or not text[0].isascii())


def _iterate_lines(page: Page) -> Iterator[tuple[Tag, str]]:
    """Innermost blocks with their text; a label that stands alone is joined with the block after it."""
    pending: Tag | None = None
    for block in page.blocks:
        text = page.text_of(block)
        if pending is not None:
            yield (_find_row(page, pending, block), f"Q: {text}")
            pending = None
        elif wording.is_question_label(text) and len(text) < 14:
            pending = block
        else:
            yield block, text


def _find_row(page: Page, label: Tag, block: Tag) -> Tag:
    """The row that holds label and question but nothing else, or the question alone."""
    parent = block.parent
    if (
        parent is not None
        and page.holds_node(parent, label)
        and page.count_letters(page.span_of(block)[1], page.span_of(parent)[1]) == 0
    ):
        return parent
    return block


def strip_label(nodes: tuple[PageElement, ...], *, labelled: bool) -> None:
    """Take the answer's label ("A:", "答：") off its first text; a numbered one only after a labelled question."""
    for node in nodes:
        strings = list(texts_in(node)) if isinstance(node, Tag) else [node]
        for string in strings:
            text = str(string)
            if not text.strip():
                continue
            length = wording.answer_label_length(text)
            alone = string.parent is not None and text_of(string.parent) == text.strip()
            if labelled and alone and wording.is_bare_label(text):
                string.replace_with("")
                continue
            if length and (labelled or not any(char.isdigit() for char in text[:length])):
                string.replace_with(text[length:])
            return
