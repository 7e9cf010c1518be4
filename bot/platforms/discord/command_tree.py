"""The slash commands and the menus of messages.

`/faq` is shown to everybody: Discord can hide it by a permission alone, which neither teammates nor named admins need
to have. Who may what is the console's business, at every call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands

from bot.commands.parser import COMMANDS, Call

if TYPE_CHECKING:
    from bot.platforms.discord.platform import DiscordAdapter

_QUESTION = 2_000  # characters
_CHINESE = {
    "Ask a question; the answer comes from the FAQ.": "提问，答案来自常见问题页面。",
    "Your question, in your own words.": "用您自己的话提问。",
    "Show the answer to you alone.": "答案仅您可见。",
    "Answer from the FAQ": "用常见问题回答",
    "Delete all that you asked me and what I answered.": "删除您的所有提问和我的回答。",
}
Interaction = discord.Interaction[Any]
OnOff = Literal["on", "off"]
Marked = discord.TextChannel | discord.ForumChannel | discord.VoiceChannel | discord.StageChannel


def add_commands(tree: app_commands.CommandTree[Any], adapter: DiscordAdapter) -> None:
    """All of them."""
    _add_questions(tree, adapter)
    _add_menus(tree, adapter)
    faq = app_commands.Group(name="faq", description="Steer Frontdesk: for its team.", guild_only=True)
    for add in (
        _add_crawls,
        _add_sources,
        _add_channels,
        _add_admins,
        _add_taught,
        _add_glossary,
        _add_learned,
        _add_people,
    ):
        add(faq, adapter)
    tree.add_command(faq)

    @tree.error
    async def _failed(interaction: Interaction, error: app_commands.AppCommandError) -> None:
        await adapter.command_failed(interaction, error)


def _add_questions(tree: app_commands.CommandTree[Any], adapter: DiscordAdapter) -> None:
    @tree.command(name="ask", description=app_commands.locale_str("Ask a question; the answer comes from the FAQ."))
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.describe(
        question=app_commands.locale_str("Your question, in your own words."),
        private=app_commands.locale_str("Show the answer to you alone."),
    )
    async def ask(
        interaction: Interaction, question: app_commands.Range[str, 1, _QUESTION], private: bool = False
    ) -> None:
        await adapter.asked(interaction, question, private=private)

    @ask.autocomplete("question")
    async def _suggest(_interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await adapter.suggest(current)

    about = app_commands.locale_str("Delete all that you asked me and what I answered.")

    @tree.command(name="forget-me", description=about)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def _forget_me(interaction: Interaction) -> None:
        await adapter.steering.forget_me(interaction)


def _add_menus(tree: app_commands.CommandTree[Any], adapter: DiscordAdapter) -> None:
    @tree.context_menu(name=app_commands.locale_str("Answer from the FAQ"))
    async def _answer(interaction: Interaction, message: discord.Message) -> None:
        await adapter.asked_about(interaction, message)

    @tree.context_menu(name="Why this answer?")
    @app_commands.guild_only()
    async def _why(interaction: Interaction, message: discord.Message) -> None:
        await adapter.steering.explain(interaction, message)

    @tree.context_menu(name="Save as FAQ answer")
    @app_commands.guild_only()
    async def _save(interaction: Interaction, message: discord.Message) -> None:
        await adapter.steering.save(interaction, message)


def _add_crawls(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    @faq.command(name="recrawl", description=_about("recrawl"))
    @app_commands.describe(
        source="Which one. Without it: all.", dry_run="Only tell what would change.", force="Whatever would vanish."
    )
    async def recrawl(interaction: Interaction, source: str = "", dry_run: bool = False, force: bool = False) -> None:
        options: dict[str, str | bool] = {"source": source, "dry-run": dry_run, "force": force}
        await _run(adapter, interaction, "recrawl", **options)

    _complete(recrawl, adapter)
    for name in ("cancel", "status", "versions"):
        _add_plain(faq, adapter, name, name)

    @faq.command(name="rollback", description=_about("rollback"))
    @app_commands.describe(version="Which one. Without it: the one before.")
    async def _rollback(interaction: Interaction, version: str = "") -> None:
        await _run(adapter, interaction, "rollback", version=version)


def _add_sources(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    sources = app_commands.Group(name="sources", description="What I read.", parent=faq)
    _add_plain(sources, adapter, "list", "sources")

    @sources.command(name="add", description=_about("sources add"))
    @app_commands.describe(
        url="Where it begins: https://…",
        name="What to call it.",
        prefix="Only pages whose path begins so.",
        page="That page alone, and none it links to.",
    )
    async def _add(interaction: Interaction, url: str, name: str = "", prefix: str = "", page: bool = False) -> None:
        await _run(adapter, interaction, "sources add", url=url, name=name, prefix=prefix, page=page)

    @sources.command(name="remove", description=_about("sources remove"))
    async def remove(interaction: Interaction, source: str) -> None:
        await _run(adapter, interaction, "sources remove", source=source)

    @sources.command(name="pause", description=_about("sources pause"))
    async def pause(interaction: Interaction, source: str) -> None:
        await _run(adapter, interaction, "sources pause", source=source)

    @sources.command(name="resume", description=_about("sources resume"))
    async def resume(interaction: Interaction, source: str) -> None:
        await _run(adapter, interaction, "sources resume", source=source)

    @sources.command(name="every", description=_about("sources every"))
    @app_commands.describe(hours="How many, or never.")
    async def every(interaction: Interaction, source: str, hours: str) -> None:
        await _run(adapter, interaction, "sources every", source=source, hours=hours)

    commands: list[app_commands.Command[Any, Any, Any]] = [remove, pause, resume, every]
    for command in commands:
        _complete(command, adapter)


def _add_channels(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    channel = app_commands.Group(name="channel", description="What I do in a channel or forum.", parent=faq)
    which = "Which one. Without it: this one."

    @channel.command(name="help", description=_about("channel help"))
    @app_commands.describe(state="on or off", channel=which)
    async def _help(interaction: Interaction, state: OnOff, channel: Marked | None = None) -> None:
        await _run(adapter, interaction, "channel help", state=state, channel=str(channel.id) if channel else "")

    @channel.command(name="quiet", description=_about("channel quiet"))
    @app_commands.describe(state="on or off", channel=which)
    async def _quiet(interaction: Interaction, state: OnOff, channel: Marked | None = None) -> None:
        await _run(adapter, interaction, "channel quiet", state=state, channel=str(channel.id) if channel else "")


def _add_admins(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    admins = app_commands.Group(name="admins", description="Who may steer me.", parent=faq)
    _add_plain(admins, adapter, "list", "admins")

    @admins.command(name="add", description=_about("admins add"))
    async def _add(interaction: Interaction, user: discord.User) -> None:
        await _run(adapter, interaction, "admins add", user=str(user.id))

    @admins.command(name="remove", description=_about("admins remove"))
    async def _remove(interaction: Interaction, user: discord.User) -> None:
        await _run(adapter, interaction, "admins remove", user=str(user.id))


def _add_taught(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    @faq.command(name="taught", description=_about("taught"))
    async def _taught(
        interaction: Interaction, state: Literal["proposed", "approved", "review", "dismissed"] | None = None
    ) -> None:
        await _run(adapter, interaction, "taught", state=state or "")

    @faq.command(name="taught-show", description=_about("taught show"))
    @app_commands.describe(id="As /faq taught tells it.")
    async def _show(interaction: Interaction, id: str) -> None:
        await _run(adapter, interaction, "taught show", id=id)

    _add_plain(faq, adapter, "teach", "teach")

    @faq.command(name="export", description=_about("export"))
    async def _export(interaction: Interaction, format: Literal["html", "json-ld"] = "html") -> None:
        await _run(adapter, interaction, "export", format=format)


def _add_glossary(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    glossary = app_commands.Group(name="glossary", description="Terms that mean the same.", parent=faq)
    which = "For which one alone. Without it: all."

    @glossary.command(name="list", description=_about("glossary"))
    @app_commands.describe(source="Of which one. Without it: all.")
    async def listed(interaction: Interaction, source: str = "") -> None:
        await _run(adapter, interaction, "glossary", source=source)

    @glossary.command(name="add", description=_about("glossary add"))
    @app_commands.describe(terms="AP = access point", source=which)
    async def add(interaction: Interaction, terms: str, source: str = "") -> None:
        await _run(adapter, interaction, "glossary add", terms=terms, source=source)

    @glossary.command(name="remove", description=_about("glossary remove"))
    @app_commands.describe(entry="Its id, or one of its terms.", source=which)
    async def remove(interaction: Interaction, entry: str, source: str = "") -> None:
        await _run(adapter, interaction, "glossary remove", entry=entry, source=source)

    @glossary.command(name="suggest", description=_about("glossary suggest"))
    @app_commands.describe(source="Of which one. Without it: all.")
    async def suggest(interaction: Interaction, source: str = "") -> None:
        await _run(adapter, interaction, "glossary suggest", source=source)

    @glossary.command(name="approve", description=_about("glossary approve"))
    @app_commands.describe(id="As /faq glossary suggest tells it.")
    async def _approve(interaction: Interaction, id: str) -> None:
        await _run(adapter, interaction, "glossary approve", id=id)

    @glossary.command(name="dismiss", description=_about("glossary dismiss"))
    @app_commands.describe(id="As /faq glossary suggest tells it.")
    async def _dismiss(interaction: Interaction, id: str) -> None:
        await _run(adapter, interaction, "glossary dismiss", id=id)

    _add_plain(glossary, adapter, "export", "glossary export")
    commands: list[app_commands.Command[Any, Any, Any]] = [listed, add, remove, suggest]
    for command in commands:
        _complete(command, adapter)


def _add_learned(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    learned = app_commands.Group(name="learned", description="What customers showed of their words.", parent=faq)
    _add_plain(learned, adapter, "list", "learned")
    which = "As /faq learned list tells it."

    @learned.command(name="show", description=_about("learned show"))
    @app_commands.describe(id=which)
    async def _show(interaction: Interaction, id: str) -> None:
        await _run(adapter, interaction, "learned show", id=id)

    @learned.command(name="remove", description=_about("learned remove"))
    @app_commands.describe(id=which)
    async def _remove(interaction: Interaction, id: str) -> None:
        await _run(adapter, interaction, "learned remove", id=id)


def _add_people(faq: app_commands.Group, adapter: DiscordAdapter) -> None:
    @faq.command(name="explain", description=_about("explain"))
    @app_commands.describe(answer="Its id, or the beginning of it.")
    async def _explain(interaction: Interaction, answer: str) -> None:
        await _run(adapter, interaction, "explain", answer=answer)

    @faq.command(name="gaps", description=_about("gaps"))
    @app_commands.describe(days="Of how many days. Without it: 7.")
    async def _gaps(interaction: Interaction, days: app_commands.Range[int, 1, 366] | None = None) -> None:
        await _run(adapter, interaction, "gaps", days=str(days) if days else "")

    @faq.command(name="forget", description=_about("forget"))
    async def _forget(interaction: Interaction, user: discord.User) -> None:
        await _run(adapter, interaction, "forget", user=str(user.id))

    for name in ("handoffs", "audit", "help"):
        _add_plain(faq, adapter, name, name)


def _add_plain(group: app_commands.Group, adapter: DiscordAdapter, name: str, call: str) -> None:
    """A command without options."""

    @group.command(name=name, description=_about(call))
    async def _plain(interaction: Interaction) -> None:
        await _run(adapter, interaction, call)


def _complete(command: app_commands.Command[Any, Any, Any], adapter: DiscordAdapter) -> None:
    """Offer the sources' names."""

    @command.autocomplete("source")
    async def _sources(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await adapter.steering.suggest_sources(interaction, current)


async def _run(adapter: DiscordAdapter, interaction: Interaction, call: str, /, **options: str | bool) -> None:
    """Call the console with the options that were given."""
    await adapter.steering.run(interaction, Call(call, {key: value for key, value in options.items() if value}))


def _about(name: str) -> str:
    text = COMMANDS[name].help
    return f"{text[:1].upper()}{text[1:]}."[:100]


class Chinese(app_commands.Translator):
    """Names and descriptions in Chinese of what customers use."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """See the library."""
        return _CHINESE.get(string.message) if locale is discord.Locale.chinese else None
