"""`/faq forget`, and `/forget-me`, which asks first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.chat.card import Button, Card, Style
from bot.chat.people import FORGOTTEN, Actor, Role, make_pseudonym
from bot.commands.registry import AuditNote, Kind, Parameter, Terminal, command, on_button
from bot.errors import NotAllowed
from bot.i18n import words_for

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext
    from bot.privacy.service import PrivacyService

FORGET_ME = "forget_me"
_WHOSE = (
    Parameter("user", "The user's id; in the terminal it is 'terminal'.", Kind.USER),
    Parameter("platform", "Whose id it is: slack, discord, terminal …", named=True),
)


def ask_to_forget(actor: Actor, language: str) -> Card:
    """`/forget-me`: asks first."""
    words = words_for(language)
    yes = Button(FORGET_ME, f"{actor.user} {language}", words.labels["forget_yes"], Style.DANGER)
    return Card(text=words.say("forget_confirm"), buttons=(yes,))


def _find_user(context: CommandContext) -> tuple[str, str]:
    """The platform and id of a user whose words are to be forgotten."""
    return context.text("platform") or context.actor.platform, context.text("user").lstrip("@")


def _note_user(context: CommandContext) -> AuditNote:
    """The user's name is not kept; of callers who have themselves forgotten, nothing is."""
    user = _find_user(context)
    own = user == (context.actor.platform, context.actor.user)
    return AuditNote(make_pseudonym(*user), FORGOTTEN if own else "")


def _note_caller(context: CommandContext) -> AuditNote:
    own = context.value.partition(" ")[0] == context.actor.user
    return AuditNote(make_pseudonym(context.actor.platform, context.actor.user), FORGOTTEN if own else "")


class PrivacyCommands:
    """Deletes what somebody said."""

    def __init__(self, privacy: PrivacyService) -> None:
        self._privacy = privacy

    @command(
        "forget",
        Role.ADMIN,
        "delete all that a user said and was answered",
        Parameter("user", kind=Kind.USER),
        note=_note_user,
        terminal=Terminal(parameters=_WHOSE, more="What stands on the platform itself stays there."),
    )
    async def _forget_user(self, context: CommandContext) -> Answer:
        gone = await self._privacy.forget(*_find_user(context))
        return Card(title="Forgotten", text=_list_counts(gone) or "Nothing of them was kept.").with_data(gone)

    @on_button(FORGET_ME, Role.CUSTOMER, note=_note_caller)
    async def _forget_caller(self, context: CommandContext) -> Answer:
        actor = context.actor
        user, _, language = context.value.partition(" ")
        if user != actor.user:
            raise NotAllowed("That button is for whoever asked: use /forget-me.")
        gone = await self._privacy.forget(actor.platform, actor.user)
        words = words_for(language or "en")
        return Card(text=words.say("forgotten", platform=actor.platform.capitalize())).with_data(gone)


def _list_counts(gone: Mapping[str, int]) -> str:
    return ", ".join(f"{count} in {table}" for table, count in sorted(gone.items()) if count)
