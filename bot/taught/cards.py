"""What teammates are shown of taught answers, and the form to teach one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.chat.card import Button, Card, Field, Form, Line, Style, Table
from bot.chat.groups import describe_audience
from bot.chat.text import short
from bot.taught.models import Taught, TaughtState

if TYPE_CHECKING:
    from bot.taught.service import Proposal

FORM_ANSWER = 3_000  # characters of an answer that fit into a form


def proposal_card(proposal: Proposal) -> Card:
    """A taught answer to be looked at."""
    taught = proposal.taught
    card = taught_card(taught)
    if not proposal.alike:
        return card
    alike = tuple(
        Line(f"Known already: {short(each.question, 150)}", each.url, f"by {each.author}" if each.author else "")
        for each in proposal.alike
    )
    return Card(card.title, card.text, card.markdown, card.facts, None, alike, None, card.footnote, card.buttons)


def taught_card(taught: Taught) -> Card:
    """A taught answer with what can be done about it."""
    titles = {
        TaughtState.PROPOSED: "Shall I answer so from now on?",
        TaughtState.APPROVED: "Taught answer, in use",
        TaughtState.REVIEW: "Is this still right?",
        TaughtState.DISMISSED: "Taught answer, dismissed",
    }
    approve = Button("approve", taught.id, "Approve", Style.PRIMARY)
    edit, dismiss = Button("edit", taught.id, "Edit"), Button("dismiss", taught.id, "Dismiss")
    buttons = {
        TaughtState.PROPOSED: (approve, edit, dismiss),
        TaughtState.REVIEW: (approve, edit, dismiss),
        TaughtState.APPROVED: (edit, Button("dismiss", taught.id, "Take it out")),
        TaughtState.DISMISSED: (Button("approve", taught.id, "Use it again"),),
    }.get(taught.state, ())
    facts = {"Question": taught.question}
    if taught.audience:
        facts["Only for"] = describe_audience(taught.audience)
    if taught.note:
        facts["Note"] = taught.note
    until = f", until {taught.expires_at - timedelta(seconds=1):%Y-%m-%d}" if taught.expires_at else ""
    return Card(
        title=titles[taught.state],
        facts=facts,
        markdown=taught.answer,
        footnote=f"By {taught.author or 'a teammate'}, {taught.updated_at:%Y-%m-%d}{until} · {taught.id[:8]}",
        buttons=buttons,
    )


def taught_list(taught: Sequence[Taught]) -> Card:
    """`/faq taught`."""
    if not taught:
        return Card(title="Taught answers", text="None yet: /faq teach, or a message's own menu.")
    limited = any(each.audience for each in taught)
    rows = tuple(
        (
            each.id[:8],
            "expired" if _expired(each) else each.state.value,
            each.author,
            _dates(each),
            short(each.question, 60),
            *([describe_audience(each.audience)] if limited else []),
        )
        for each in taught
    )
    return Card(
        title="Taught answers",
        table=Table(("id", "state", "by", "on", "question", *(["for"] if limited else [])), rows),
        footnote="/faq taught show <id> for one of them.",
    )


def _dates(taught: Taught) -> str:
    until = f" to {taught.expires_at - timedelta(seconds=1):%Y-%m-%d}" if taught.expires_at else ""
    return f"{taught.updated_at:%Y-%m-%d}{until}"


def _expired(taught: Taught) -> bool:
    return taught.expires_at is not None and taught.expires_at <= datetime.now(UTC)


def teach_form(action: str, value: str, taught: Taught | None = None, *, question: str = "", answer: str = "") -> Form:
    """The form that teaches or edits an answer."""
    expires = ""
    if taught:
        question, answer = taught.question, taught.answer
        if taught.expires_at and not _expired(taught):
            expires = f"{taught.expires_at - timedelta(seconds=1):%Y-%m-%d}"
    return Form(
        action,
        value,
        "Edit a taught answer" if taught else "Teach an answer",
        "Save",
        (
            Field("question", "Question", question[:1_000], longest=1_000),
            Field("answer", "Answer (Markdown)", answer[:FORM_ANSWER], multiline=True, longest=FORM_ANSWER),
            Field("expires", "Expires (2026-12-31, days, or empty)", expires, required=False, longest=20),
        ),
    )
