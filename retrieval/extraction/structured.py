"""Questions in a page's JSON-LD (FAQPage, QAPage)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from retrieval.extraction import wording

_MAX_DEPTH = 12
_MAX_QUESTIONS = 2_000
_POSTED = {"suggestedAnswer", "answerCount", "text", "author", "dateCreated", "datePublished", "upvoteCount"}


@dataclass(frozen=True, slots=True)
class StatedQuestion:
    """A question as structured data states it; `answer` may be HTML. In a `thread` (a QAPage with the posts on one
    question) it is one of several, the accepted one."""

    question: str
    answer: str
    thread: bool = False


def read_questions(html: str, url: str) -> list[StatedQuestion]:
    """Every Question with an answer in the page's JSON-LD. What cannot be parsed is as good as absent."""
    if "ld+json" not in html or "Question" not in html:
        return []
    from extruct.jsonld import JsonLdExtractor

    try:
        items = JsonLdExtractor().extract(html, base_url=url)
    except Exception:  # third-party markup in a third-party parser: many kinds of error, one meaning
        return []
    found: dict[str, StatedQuestion] = {}
    questions = list(islice(_find_questions(items, 0), _MAX_QUESTIONS))
    for item, threaded in questions:
        question, answer = _read_text(item.get("name") or item.get("headline")), _find_answer(item)
        thread = threaded and len(questions) == 1 and bool(_POSTED & item.keys())
        if question and answer:
            found.setdefault(wording.fold_text(question), StatedQuestion(question, answer, thread))
    return list(found.values())


def _find_questions(value: Any, depth: int, thread: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """The Question items anywhere in `value`, each with whether it stands in a QAPage."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _find_questions(entry, depth + 1, thread)
    elif isinstance(value, dict):
        kinds = _as_list(value.get("@type"))
        if "Question" in kinds:
            yield value, thread
        else:
            for entry in value.values():
                yield from _find_questions(entry, depth + 1, thread or "QAPage" in kinds)


def _find_answer(question: dict[str, Any]) -> str:
    """The accepted answer's text, else the first suggested one's."""
    for key in ("acceptedAnswer", "suggestedAnswer"):
        for entry in _as_list(question.get(key)):
            text = (
                _read_text(entry.get("text") or entry.get("articleBody"))
                if isinstance(entry, dict)
                else _read_text(entry)
            )
            if text:
                return text
    return ""


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _read_text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, list):
        value = next((entry for entry in value if isinstance(entry, str)), "")
    return value.strip() if isinstance(value, str) else ""
