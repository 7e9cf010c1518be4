"""What admins are shown of wordings that a model wrote. Pure; in English, as all that is for the team alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.chat.card import Card, Table
from bot.chat.text import short

if TYPE_CHECKING:
    from bot.wordings.models import WrittenWording

_ROWS, _ID, _TEXT = 40, 8, 60


def wordings_card(wordings: Sequence[WrittenWording]) -> Card:
    """The wordings, newest first, and who wrote them."""
    title = "Wordings by a model"
    if not wordings:
        text = "None: a refresh has them written where FRONTDESK_WORDINGS_PER_REFRESH and FRONTDESK_VLLM_URL are set."
        return Card(title=title, text=text)
    rows = tuple(
        (
            each.id[:_ID],
            short(each.text, _TEXT),
            short(each.title, _TEXT),
            short(each.model.rpartition("/")[2], 30),
            f"{each.created_at:%Y-%m-%d}",
        )
        for each in wordings[:_ROWS]
    )
    left = len(wordings) - len(rows)
    return Card(
        title=title,
        table=Table(("id", "words", "entry", "model", "on"), rows),
        footnote="/faq wordings remove <id> takes one out, from the next re-crawl on."
        + (f" {left} more: frontdesk wordings list --json" if left else ""),
    )


def removed_card(wording: WrittenWording) -> Card:
    """What was taken out."""
    return Card(
        text=f"Taken out from the next re-crawl on, and not written again: “{short(wording.text)}” for "
        f"“{short(wording.title)}”"
    )
