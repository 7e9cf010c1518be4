"""Commands and buttons about what is known: re-crawls, sources, versions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from bot.chat.card import Card
from bot.chat.groups import describe_audience, read_audience
from bot.chat.people import Role
from bot.chat.text import ago
from bot.commands.registry import Kind, Parameter, Terminal, command, on_button
from bot.errors import InputError
from bot.sources import cards as drawing
from retrieval.audiences import EVERYBODY

if TYPE_CHECKING:
    from bot.chat.platform import Platform
    from bot.commands.context import Answer, CommandContext
    from bot.sources.audiences import LiveAudiences
    from bot.sources.ports import AudienceStore, SourceStore
    from bot.sources.preview import SourcePreview
    from bot.sources.refresh import RefreshService
    from bot.sources.removal import SourceRemoval
    from bot.sources.schedule import ScheduledRefreshes
    from bot.sources.status import StatusReport
    from bot.sources.watch import RefreshWatch
    from retrieval.index.versions import VersionStore


_WHICH = Parameter("source", "As /faq sources list names it.", Kind.SOURCE)
_AUDIENCE = "Only slack:C0123…, discord:server:…, discord:role:…, here; or everybody"
_SEVERAL = (
    Parameter("source", "Only these. Without it: all but paused ones.", Kind.REST, required=False),
    Parameter("cancel", "Stop the one that runs, whoever started it.", Kind.FLAG),
)


class SourceCommands:
    """What an admin steers the pages' knowledge with."""

    GROUPS: ClassVar[Mapping[str, str]] = {"sources": "What I read."}

    def __init__(
        self,
        sources: SourceStore,
        refreshes: RefreshService,
        schedules: ScheduledRefreshes,
        watch: RefreshWatch,
        preview: SourcePreview,
        removal: SourceRemoval,
        status: StatusReport,
        versions: VersionStore,
        audiences: AudienceStore,
        live_audiences: LiveAudiences,
        platforms: Mapping[str, Platform],
    ) -> None:
        self._sources = sources
        self._refreshes = refreshes
        self._schedules = schedules
        self._watch = watch
        self._preview = preview
        self._removal = removal
        self._status = status
        self._versions = versions
        self._audiences = audiences
        self._live_audiences = live_audiences
        self._platforms = platforms
        self._going_back = asyncio.Lock()

    @command(
        "recrawl",
        Role.ADMIN,
        "read the sources again; the old version answers meanwhile",
        Parameter("source", "Which one. Without it: all.", Kind.SOURCE, required=False),
        Parameter("dry-run", "Only tell what would change.", Kind.FLAG),
        Parameter("force", "Activate whatever would vanish, and whatever golden questions be lost.", Kind.FLAG),
        terminal=Terminal(
            parameters=_SEVERAL,
            more="While one runs already, that one is shown to its end; Ctrl-C then only stops watching it.",
        ),
    )
    @on_button("recrawl", Role.ADMIN)
    async def _recrawl(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        dry_run, force = bool(asked.options.get("dry-run")), bool(asked.options.get("force"))
        return await self._start(asked, (name,) if name else (), dry_run=dry_run, force=force)

    async def _start(
        self, asked: CommandContext, only: tuple[str, ...], *, dry_run: bool = False, force: bool = False
    ) -> Answer:
        from bot.sources.refresh import RefreshRequest

        run, started = await self._refreshes.begin(RefreshRequest(only, dry_run, force, asked.actor.id))
        by = asked.actor.shown if started else ""
        following = asyncio.create_task(self._watch.follow(run, asked.screen, joined=not started, by=by))
        await asked.screen.follow_task(following)
        return None

    @on_button("force", Role.ADMIN)
    async def _force(self, asked: CommandContext) -> Answer:
        before = await self._refreshes.get(asked.value)
        if before is None:
            raise InputError("That re-crawl is not known any more: start it anew with --force.")
        only = tuple(cast(Sequence[str], before.report.get("sources", ())))
        return await self._start(asked, only, force=True)

    @command("cancel", Role.ADMIN, "stop the re-crawl that runs")
    @on_button("cancel", Role.ADMIN)
    async def _cancel(self, asked: CommandContext) -> Answer:
        running = await self._refreshes.running()
        if running is None or (asked.value and running.id != asked.value):
            return Card(text="It has ended already." if asked.value else "No re-crawl runs.")
        await self._refreshes.cancel(running.id)
        return Card(text="It stops at the next page. The version before goes on answering.")

    @command("status", Role.ADMIN, "what I know, since when, and what is wrong")
    @on_button("status", Role.ADMIN)
    async def _show_status(self, asked: CommandContext) -> Answer:
        status = await self._status.status()
        return drawing.status_card(status).with_data(status)

    @command("sources", Role.ADMIN, "the sources, with their schedules and troubles")
    @on_button("sources", Role.ADMIN)
    async def _show_sources(self, asked: CommandContext) -> Answer:
        sources = await self._status.sources()
        return drawing.sources_card(sources).with_data(sources)

    @command(
        "sources pages",
        Role.ADMIN,
        "how much of each page I know, and what I left out",
        Parameter("source", "Only its pages. Without it: all.", Kind.SOURCE, required=False),
    )
    async def _show_pages(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        coverage = await self._status.coverage()
        if name:
            await self._sources.get(name)
            coverage = coverage.select_source(name)
        return drawing.pages_card(coverage).with_data(coverage)

    @command(
        "sources add",
        Role.ADMIN,
        "look at a site, then add it",
        Parameter("url", "Where it begins: https://…, or a help centre: zendesk:HOST, intercom:."),
        Parameter("name", "What to call it.", required=False, named=True),
        Parameter("prefix", "Only pages whose path begins so.", required=False, named=True),
        Parameter("page", "That page alone, and none it links to.", Kind.FLAG),
        Parameter("audience", f"{_AUDIENCE}.", required=False, named=True),
        Parameter("render", "Read it in a browser: its text comes from scripts.", Kind.FLAG),
    )
    async def _add_source(self, asked: CommandContext) -> Answer:
        from bot.sources.location import describe_source

        location = asked.text("url")
        if not location.startswith(("https://", "http://", "zendesk:", "intercom:")) and not asked.at_terminal:
            raise InputError("Only websites can be added from a chat: give a URL that begins with https://.")
        source = describe_source(
            location,
            name=asked.text("name"),
            path_prefix=asked.text("prefix"),
            single_page=bool(asked.options.get("page")),
            render=bool(asked.options.get("render")),
        )
        for known in await self._sources.list():
            if source.name == known.name or source.location == known.location:
                raise InputError(f"{known.location} is known already, as source {known.name}: remove it first.")
        audience = read_audience(text, self._platforms, asked.place) if (text := asked.text("audience")) else None
        await asked.screen.show_card(Card(text=f"Looking at {source.location} …"))
        return drawing.preview_card(await self._preview.preview(source, audience))

    @on_button("add_source", Role.ADMIN)
    async def _confirm_source(self, asked: CommandContext) -> Answer:
        source, audience = await self._preview.confirm(asked.value)
        await self._sources.add(source, audience)
        await self._live_audiences.load()  # here at once; other processes look each second
        return await self._start(asked, (source.name,))

    @on_button("drop_source", Role.ADMIN)
    async def _drop_source(self, asked: CommandContext) -> Answer:
        await self._preview.confirm(asked.value)
        await asked.screen.show_card(Card(text="Left as it is: nothing was added."))
        return None

    @command(
        "sources remove",
        Role.ADMIN,
        "forget a source",
        _WHICH,
        terminal=Terminal(more="Its pages leave the index at the next re-crawl."),
    )
    async def _remove_source(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        return Card(text=asked.to_chat_line(await self._removal.remove(name)))

    @command(
        "sources audience",
        Role.ADMIN,
        "whom a source is for",
        _WHICH,
        Parameter("audience", f"{_AUDIENCE}. Without it: shown.", Kind.REST, required=False),
        terminal=Terminal(more="It counts from the next question on, without a re-crawl."),
    )
    async def _limit_source(self, asked: CommandContext) -> Answer:
        source = await self._sources.get(asked.text("source"))
        if text := asked.text("audience"):
            await self._audiences.set_audience(source.name, read_audience(text, self._platforms, asked.place))
            await self._live_audiences.load()  # here at once; other processes look each second
        audience = (await self._audiences.list_limited()).get(source.name, EVERYBODY)
        said = f"{source.name} is for {describe_audience(audience)}."
        if text and audience:
            said += " Entries that other sources hold word for word come back for everybody else at the next refresh."
        return Card(text=said).with_data(sorted(audience))

    @command("sources pause", Role.ADMIN, "leave a source out; what it held stays", _WHICH)
    async def _pause_source(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        await self._schedules.pause(name, True)
        return Card(text=f"Paused {name}: it is left out of re-crawls, and what it held stays.")

    @command("sources resume", Role.ADMIN, "take it up again", _WHICH)
    async def _resume_source(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        await self._schedules.pause(name, False)
        return Card(text=f"Took {name} up again.")

    @command(
        "sources render",
        Role.ADMIN,
        "read its pages in a browser, as its scripts make them",
        _WHICH,
        Parameter("off", "Read them as they are served again.", Kind.FLAG),
    )
    async def _render_source(self, asked: CommandContext) -> Answer:
        name, render = asked.text("source"), not asked.options.get("off")
        await self._set_render(name, render)
        how = "in a browser" if render else "as they are served"
        return Card(text=f"The pages of {name} are read {how} from the next re-crawl on.")

    @on_button("render", Role.ADMIN)
    async def _render_now(self, asked: CommandContext) -> Answer:
        await self._set_render(asked.value, True)
        return await self._start(asked, (asked.value,))

    async def _set_render(self, name: str, render: bool) -> None:
        from bot.sources.location import check_can_render

        if render:
            check_can_render((await self._sources.get(name)).kind)
        await self._sources.set_render(name, render)

    @command(
        "sources every",
        Role.ADMIN,
        "read it by itself every so many hours, or never",
        _WHICH,
        Parameter("hours", "How many, 0.25 to 2160; or never."),
        terminal=Terminal(more="That is done by `frontdesk serve`."),
    )
    async def _schedule_source(self, asked: CommandContext) -> Answer:
        name, text = asked.text("source"), asked.text("hours").casefold()
        try:
            hours = None if text in {"never", "off", "0"} else float(text.removesuffix("h"))
        except ValueError:
            raise InputError(f"{text!r} is no number of hours: write 24, or never.") from None
        schedule = await self._schedules.set_interval(name, hours)
        if hours is None:
            return Card(text=f"{name} is read by hand alone now.")
        return Card(text=f"{name} is read every {hours:g} hours, next {ago(schedule.next_at)}.")

    @command("versions", Role.ADMIN, "the versions of the index")
    async def _show_versions(self, asked: CommandContext) -> Answer:
        store = self._versions
        versions = await asyncio.to_thread(store.list_versions)
        manifests, active = [version.manifest for version in versions], store.active_id()
        return drawing.versions_card(manifests, active).with_data((manifests, active))

    @command(
        "rollback",
        Role.ADMIN,
        "go back to an older version",
        Parameter("version", "Which one. Without it: the one before.", required=False),
        terminal=Terminal(more="A running bot takes it over at its next question."),
    )
    @on_button("rollback", Role.ADMIN)
    async def _rollback(self, asked: CommandContext) -> Answer:
        async with self._going_back:
            before = self._versions.active_id()
            if asked.value and before != asked.value:  # a button of a version, pressed twice or by two
                return Card(text=f"Version {asked.value} is not the one that answers: that is {before}.")
            chosen = await asyncio.to_thread(
                self._versions.roll_back, asked.text("version") or None, only_from=asked.value
            )
        done = Card(text=f"Version {chosen.id} answers now (before: {before}). A re-crawl goes forward again.")
        return done.with_data({"version": chosen.id, "before": before})

    async def list_names(self) -> Sequence[str]:
        """What is offered to an admin who types a source's name."""
        return [source.name for source in await self._sources.list()]
