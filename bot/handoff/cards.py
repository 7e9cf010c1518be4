"""What a support channel sees of a handoff, in English, as all that is for the team alone; what ends it for customers.
Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.card import Button, Card, Line, Style, Table
from bot.chat.conversation import Decision, Turn
from bot.chat.links import find_addresses, find_mailboxes
from bot.chat.markup import in_one_line
from bot.chat.text import ago, format_age, short
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.i18n import words_for
from bot.i18n.locales import name_language

CLAIM, RESOLVE, REOPEN = "claim", "resolve", "reopen"
HELPED, NOT_HELPED = "helped", "not_helped"
_REASONS = {
    HandoffReason.BUTTON: "asked for a person",
    HandoffReason.WORDS: "asked for a person",
    HandoffReason.ABSTENTION: "was told that the pages hold no answer",
}
_REPLIES = {  # of which what the customer read says no more to a teammate
    Decision.SUGGEST: "was not sure, and showed what it found nearest",
    Decision.CLARIFY: "asked which of several was meant",
    Decision.ABSTAIN: "found no answer in the pages",
}
_TURNS = 4  # of the conversation, beside the one it is about
_SHOWN = 5  # entries
_QUESTION, _SAID = 1_500, 400  # characters


def handoff_card(handoff: Handoff, turns: Sequence[Turn], link: str, *, direct: bool = False) -> Card:
    """The message that opens a handoff's thread: the question, what the bot said to it and showed, what was said
    besides, and where it was asked, as far as the team can go there (`link`).

    `turns` are the conversation's last ones, oldest first; `direct`: it is a private one with the bot.
    """
    about = next((place for place, turn in enumerate(turns) if turn.id == handoff.turn_id), None)
    subject = None if about is None else turns[about]
    lines = [Line(short(each.label, _SAID), each.url) for each in (subject.citations if subject else ())][:_SHOWN]
    others = [(place, turn) for place, turn in enumerate(turns) if place != about]
    besides = [(place, turn) for place, turn in others if turn.decision is not Decision.HUMAN]  # as the title says
    for place, turn in besides[-_TURNS:]:
        when = "Before" if about is None or place < about else "Then"
        lines.append(Line(f"{when}: {short(turn.question, _SAID)}", note=f"The bot {_describe_reply(turn)}"))
    if link:
        lines.append(Line("Where it was asked", link))
    return Card(
        title=f"{handoff.customer_name or 'Somebody'} {_REASONS[handoff.reason]}",
        text=handoff.question[:_QUESTION],
        facts=_build_facts(handoff, subject, direct=direct),
        lines=tuple(lines),
        footnote=_choose_footnote(handoff),
        buttons=_build_buttons(handoff),
    )


def resolved_card(handoff: Handoff, *, asks: bool) -> Card:
    """What the customer is told in their language; `asks`: whether it helped, too."""
    words = words_for(handoff.language)
    if not asks:
        again = Button(REOPEN, handoff.id, words.labels["still_need_help"])
        return Card(text=words.say("handoff_resolved"), buttons=(again,))
    buttons = (
        Button(HELPED, handoff.id, words.labels["helped_yes"]),
        Button(NOT_HELPED, handoff.id, words.labels["helped_no"]),
    )
    return Card(text=words.say("handoff_resolved_helped"), buttons=buttons)


def reminder_card(handoff: Handoff, link: str) -> Card:
    """Nobody has claimed it yet."""
    waited = format_age(handoff.created_at)
    return Card(
        text=f"Nobody has claimed this yet: {handoff.customer_name or 'a customer'} has been waiting for {waited}.",
        lines=(Line(short(handoff.question, _SAID), link),),
        buttons=(_build_claim_button(handoff),),
    )


def message_card(author: str, text: str, *, by_team: bool = False, files: Sequence[Line] = ()) -> Card:
    """What somebody on the other side wrote, and the files with it. Addresses that a teammate writes can be followed, a
    customer's not."""
    links = find_addresses(text) if by_team else find_mailboxes(text)
    return Card(title=author, text=text, links=links, lines=tuple(files))


def _build_facts(handoff: Handoff, subject: Turn | None, *, direct: bool) -> dict[str, str]:
    where = "a private conversation with the bot" if direct else "a channel"
    facts = {"Asked in": f"{handoff.customer.platform.capitalize()}, {where}"}
    if language := name_language(handoff.language):
        facts["Language"] = language
    if subject:
        facts["The bot"] = _describe_reply(subject)
    if handoff.state is HandoffState.CLAIMED:
        facts["Claimed by"] = handoff.claimed_name
    if handoff.state is HandoffState.RESOLVED:
        facts["Resolved by"] = handoff.claimed_name
    return facts


def _describe_reply(turn: Turn) -> str:
    """What the bot did about a question, after "The bot"."""
    return _REPLIES.get(turn.decision) or f"answered: {short(in_one_line(turn.answer), _SAID)}"


def _choose_footnote(handoff: Handoff) -> str:
    if handoff.state is HandoffState.RESOLVED:
        return "The bot answers there again. Reopen it to write to the customer."
    if handoff.state is HandoffState.CLAIMED:
        return "Replies in this thread reach the customer; those that begin with // stay here."
    return "Claim it, or just reply in this thread: replies reach the customer, those that begin with // stay here."


def _build_buttons(handoff: Handoff) -> tuple[Button, ...]:
    if handoff.state is HandoffState.RESOLVED:
        return (Button(REOPEN, handoff.id, "Reopen"),)
    resolve = Button(RESOLVE, handoff.id, "Resolve")
    return (resolve,) if handoff.state is HandoffState.CLAIMED else (_build_claim_button(handoff), resolve)


def _build_claim_button(handoff: Handoff) -> Button:
    return Button(CLAIM, handoff.id, "Claim", Style.PRIMARY)


def handoffs_card(handoffs: Sequence[Handoff]) -> Card:
    """`/faq handoffs`."""
    if not handoffs:
        return Card(title="Handoffs", text="Nobody is waiting.")
    rows = tuple(
        (each.state.value, ago(each.created_at), each.claimed_name or "–", short(each.question, 60))
        for each in handoffs
    )
    return Card(title="Handoffs", table=Table(("state", "asked", "by whom", "question"), rows))
