"""Answers as they are handed out: Markdown that any client may draw, with no link in it but to what a cited page holds.
Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.answering.clarify import list_choices
from bot.answering.sentences import Sentences
from bot.api import models
from bot.chat.conversation import Citation, Turn
from bot.chat.links import defuse_text
from bot.chat.markdown import Dialect, render_text
from bot.chat.markup import Scanner, escape_url
from retrieval.documents import RetrievalResult, ScoredPassage
from retrieval.text.cleaning import collapse_whitespace

_FOLLOWABLE = ("https://", "http://")


def build_answer(turn: Turn, conversation: str) -> models.Answer:
    """A turn of a conversation that its caller knows by that id."""
    return models.Answer(
        turn=turn.id,
        conversation=conversation,
        decision=turn.decision,
        text=render_markdown(turn.answer, turn.links),
        sentences=_list_sentences(turn),
        citations=[_describe_citation(each) for each in turn.citations],
        suggestions=_list_suggestions(turn),
        confidence=turn.confidence,
        language=turn.language,
        index_version=turn.index_version,
    )


def build_search_result(result: RetrievalResult) -> models.SearchResult:
    """What a search found."""
    return models.SearchResult(
        passages=[_describe_passage(each) for each in result.passages],
        confidence=result.confidence,
        language=result.language,
        index_version=result.index_version,
    )


def render_markdown(text: str, links: Collection[str]) -> str:
    """An answer's Markdown, or as much of it as there is so far, in CommonMark."""
    return render_text(text, _COMMONMARK, links)


def _list_sentences(turn: Turn) -> list[models.Sentence]:
    sentences = Sentences()
    units = [*sentences.feed(turn.answer), *sentences.finish()]
    found = []
    for unit in units:
        bare, numbers = _split_markers(unit)
        if shown := render_markdown(bare, turn.links).strip():
            found.append(models.Sentence(text=shown, citations=numbers))
    return found


def _split_markers(unit: str) -> tuple[str, list[int]]:
    """A unit's text, and the numbers of what it cites."""
    tokens = list(Scanner().scan(unit))
    numbers = dict.fromkeys(number for token in tokens for number in token.numbers)
    return "".join(token.text for token in tokens if token.kind != "marker"), list(numbers)


def _list_suggestions(turn: Turn) -> list[models.Suggestion]:
    choices: Sequence[Citation] = list_choices(turn) if turn.decision.offers else ()
    return [
        models.Suggestion(
            number=each.number,
            title=_show_plainly(each.label),
            gist=_show_plainly(each.gist),
            url=_find_address(each.url),
        )
        for each in choices
    ]


def _describe_citation(citation: Citation) -> models.SourceOfAnswer:
    return models.SourceOfAnswer(
        number=citation.number,
        title=_show_plainly(citation.label),
        url=_find_address(citation.url),
        author=_show_plainly(citation.author) or None,
        date=citation.date or None,
    )


def _describe_passage(scored: ScoredPassage) -> models.FoundPassage:
    passage, document = scored.passage, scored.passage.document
    return models.FoundPassage(
        id=passage.id,
        title=document.question,
        text=passage.text,
        url=_find_address(document.url),
        score=scored.score,
        headings=list(document.heading_path),
        language=document.language,
        read_at=document.crawled_at,
    )


def _show_plainly(text: str) -> str:
    """What a page or a person calls something, for a client that makes a link of whatever looks like one."""
    return defuse_text(collapse_whitespace(text))


def _find_address(url: str) -> str | None:
    """What a client may open; the path of a file on this machine is none."""
    return url if url.startswith(_FOLLOWABLE) and url == collapse_whitespace(url) else None


def _format_link(label: str, url: str) -> str:
    return f"[{label}]({escape_url(url)})" if label else f"<{escape_url(url)}>"


def _escape_prose(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


_COMMONMARK = Dialect(_format_link, _escape_prose, apart=" ")
