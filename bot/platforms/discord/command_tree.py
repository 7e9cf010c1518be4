"""The slash commands and the menus of messages.

`/faq` is shown to everybody: Discord can hide it by a permission alone, which neither teammates nor named admins need
to have. Who may what is the console's business, at every call.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal, Optional

import discord
from discord import app_commands

from bot.commands.parser import Call
from bot.commands.registry import Command, Kind, Parameter

if TYPE_CHECKING:
    from bot.platforms.discord.adapter import DiscordAdapter

_QUESTION = 2_000  # characters
_CHINESE = {
    "Ask a question; the answer comes from the FAQ.": "提问，答案来自常见问题页面。",
    "Your question, in your own words.": "用您自己的话提问。",
    "Show the answer to you alone.": "答案仅您可见。",
    "Answer from the FAQ": "用常见问题回答",
    "Delete all that you asked me and what I answered.": "删除您的所有提问和我的回答。",
}
Interaction = discord.Interaction[Any]
_TYPES: dict[Kind, Any] = {
    Kind.USER: discord.User,
    Kind.CHANNEL: discord.TextChannel | discord.ForumChannel | discord.VoiceChannel | discord.StageChannel,
    Kind.DAYS: app_commands.Range[int, 1, 366],
}


def add_commands(tree: app_commands.CommandTree[Any], adapter: DiscordAdapter) -> None:
    """All of them."""
    _add_questions(tree, adapter)
    _add_menus(tree, adapter)
    faq = app_commands.Group(name="faq", description="Steer Frontdesk: for its team.", guild_only=True)
    _add_declared(faq, adapter)
    tree.add_command(faq)

    @tree.error
    async def report_failure(interaction: Interaction, error: app_commands.AppCommandError) -> None:
        await adapter.command_failed(interaction, error)


def _add_questions(tree: app_commands.CommandTree[Any], adapter: DiscordAdapter) -> None:
    @tree.command(name="ask", description=app_commands.locale_str("Ask a question; the answer comes from the FAQ."))
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.describe(
        question=app_commands.locale_str("Your question, in your own words."),
        private=app_commands.locale_str("Show the answer to you alone."),
    )
    async def ask_question(
        interaction: Interaction, question: app_commands.Range[str, 1, _QUESTION], private: bool = False
    ) -> None:
        await adapter.receive_question(interaction, question, private=private)

    @ask_question.autocomplete("question")
    async def suggest_questions(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await adapter.suggest_questions(interaction, current)

    about = app_commands.locale_str("Delete all that you asked me and what I answered.")

    @tree.command(name="forget-me", description=about)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def _forget_me(interaction: Interaction) -> None:
        await adapter.commands.forget_me(interaction)


def _add_menus(tree: app_commands.CommandTree[Any], adapter: DiscordAdapter) -> None:
    @tree.context_menu(name=app_commands.locale_str("Answer from the FAQ"))
    async def answer_message(interaction: Interaction, message: discord.Message) -> None:
        await adapter.asked_about(interaction, message)

    @tree.context_menu(name="Why this answer?")
    @app_commands.guild_only()
    async def explain_answer(interaction: Interaction, message: discord.Message) -> None:
        await adapter.commands.explain_answer(interaction, message)

    @tree.context_menu(name="Save as FAQ answer")
    @app_commands.guild_only()
    async def save_message(interaction: Interaction, message: discord.Message) -> None:
        await adapter.commands.save_message(interaction, message)


def _add_declared(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    """The commands of the console: `sources add` is a command of the group `sources`, `sources` its `list`."""
    console, groups = adapter.console, dict[str, app_commands.Group]()

    async def suggest(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await adapter.commands.suggest_sources(interaction, current)

    for command in console.commands.values():
        first, _, second = command.name.partition(" ")
        if first not in console.group_help:
            group, name = faq, command.name.replace(" ", "-")
        else:
            if first not in groups:
                groups[first] = app_commands.Group(name=first, description=console.group_help[first], parent=faq)
            group, name = groups[first], second or "list"
        made: app_commands.Command[Any, Any, Any] = app_commands.Command(
            name=name,
            description=f"{command.help[:1].upper()}{command.help[1:]}."[:100],
            callback=_make_callback(adapter, command),
        )
        if any(each.kind is Kind.SOURCE for each in command.parameters):
            made.autocomplete("source")(suggest)
        group.add_command(made)


def _make_callback(adapter: DiscordAdapter, command: Command) -> Any:
    """What Discord calls, with a signature of which it reads what to ask for."""
    names = {_to_identifier(each.name): each.name for each in command.parameters}

    async def call(interaction: Interaction, **given: Any) -> None:
        options = {names[key]: _to_option(value) for key, value in given.items() if value}
        await adapter.commands.run_command(interaction, Call(command.name, options))

    ordered = sorted(command.parameters, key=lambda each: not each.required or each.kind is Kind.FLAG)
    asked = [_to_signature(each) for each in ordered]
    first = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction)
    call.__signature__ = inspect.Signature([first, *asked])  # type: ignore[attr-defined]
    call.__discord_app_commands_param_description__ = {  # type: ignore[attr-defined]  # as `describe` leaves them
        _to_identifier(each.name): each.help or "…" for each in command.parameters
    }
    return call


def _to_signature(parameter: Parameter) -> inspect.Parameter:
    annotation: Any = str
    if parameter.choices:
        annotation = Literal[parameter.choices]
    elif parameter.kind is Kind.FLAG:
        annotation = bool
    elif parameter.kind in _TYPES:
        annotation = _TYPES[parameter.kind]
    default: Any = inspect.Parameter.empty
    if parameter.kind is Kind.FLAG:
        default = False
    elif not parameter.required:
        text = annotation is str
        default, annotation = ("", annotation) if text else (None, Optional[annotation])  # noqa: UP045 (made at run time)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(_to_identifier(parameter.name), kind, default=default, annotation=annotation)


def _to_identifier(name: str) -> str:
    return name.replace("-", "_")


def _to_option(value: Any) -> str | bool:
    """A user or channel by its id, a number as it is typed."""
    if isinstance(value, bool | str):
        return value
    return str(value) if isinstance(value, int) else str(value.id)


class Chinese(app_commands.Translator):
    """Names and descriptions in Chinese of what customers use."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """See the library."""
        return _CHINESE.get(string.message) if locale is discord.Locale.chinese else None
