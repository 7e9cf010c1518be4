"""What messages of the widget say, as browsers draw them: JSON whose texts are plain or trees of `markup`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.answering.clarify import extract_lead, shown_in_full
from bot.chat.card import Card
from bot.chat.conversation import Citation, ClarificationOutcome, Decision, Turn
from bot.chat.origins import describe_origin
from bot.i18n import Words, words_for
from bot.platforms.options import Option, build_asking, describe_outcome
from bot.platforms.widget.markup import build_plain_tree, build_tree
from retrieval.text.cleaning import collapse_whitespace

Body = dict[str, Any]
_LABEL = 120  # characters of a button
_SOURCE = 200  # of a source's title


def describe_question(text: str) -> Body:
    """What the visitor wrote."""
    return {"kind": "question", "text": text}


def describe_progress(markdown: str, links: frozenset[str]) -> Body:
    """As much of an answer as there is."""
    return {"kind": "answer", "tree": build_tree(markdown, links), "unfinished": True}


def describe_status(text: str) -> Body:
    """What is being done."""
    return {"kind": "status", "text": text}


def describe_line(text: str) -> Body:
    """A line of the bot's own."""
    return {"kind": "note", "tree": build_tree(text)}


def describe_answer(turn: Turn, *, handoff: bool) -> Body:
    """A complete answer and what can be done below it; `handoff`: people can be called."""
    words = words_for(turn.language)
    body: Body = {"kind": "answer", "turn": turn.id, "language": turn.language, "label": words.labels["answer"]}
    if turn.decision.offers:
        body |= _describe_offer(turn)
    else:
        body["tree"] = build_tree(turn.answer, turn.links)
    sources = turn.citations if not turn.decision.offers else shown_in_full(turn)
    if sources:
        body["sources"] = {"label": words.labels["sources"], "list": _describe_sources(sources, words)}
    if turn.decision is Decision.ANSWER:
        body["votes"] = {"up": words.labels["helpful"], "down": words.labels["not_helpful"], "done": ""}
    if handoff and turn.decision is not Decision.CHITCHAT:
        body["human"] = words.labels["ask_human"]
    return body


def close_offer(body: Mapping[str, Any], settled: ClarificationOutcome) -> Body:
    """The same answer without its buttons, with what was chosen."""
    return {**body, "options": [], "verdicts": [], "how": "", "chosen": describe_outcome(settled)}


def note_vote(body: Mapping[str, Any], vote: str, thanks: str) -> Body:
    """The same answer, voted on."""
    votes = body.get("votes")
    return {**body, "votes": {**votes, "done": vote, "thanks": thanks}} if votes else dict(body)


def describe_card(card: Card) -> Body:
    """What people, or the bot for them, say beside answers."""
    tree = build_plain_tree(card.text, card.links) + build_tree(card.markdown, card.links)
    lines = [" ".join(filter(None, [line.text, line.note])) for line in card.lines]
    buttons = [{"action": each.action, "value": each.value, "label": each.label} for each in card.buttons]
    return {"kind": "team" if card.title else "note", "author": card.title, "tree": tree} | {
        "lines": lines,
        "buttons": buttons,
    }


def _describe_offer(turn: Turn) -> Body:
    asking = build_asking(turn, _LABEL)
    verdicts = [each for each in (asking.confirmation, asking.refusal) if each]
    suggested = turn.decision is Decision.SUGGEST
    lead = extract_lead(turn) if suggested else asking.lead
    return {
        "tree": build_tree(lead, turn.links),
        "others": asking.lead if suggested else "",
        "options": [_describe_option(each) for each in asking.options],
        "verdicts": [_describe_option(each) for each in verdicts],
        "how": "" if suggested else asking.how,
    }


def _describe_option(option: Option) -> Body:
    return {"number": option.number, "label": option.label, "gist": option.gist}


def _describe_sources(citations: Sequence[Citation], words: Words) -> list[Body]:
    return [
        {
            "number": each.number,
            "title": collapse_whitespace(each.label)[:_SOURCE] or each.url[:_SOURCE],
            "url": each.url if each.url.startswith(("https://", "http://")) else "",
            "origin": collapse_whitespace(describe_origin(each, words)),
        }
        for each in citations
    ]
