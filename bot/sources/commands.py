"""Commands and buttons about what is known: re-crawls, sources, versions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from bot.chat.card import Card
from bot.chat.people import Role
from bot.commands import cards as drawing
from bot.commands.context import Answer, CommandContext, CommandServices, Handlers
from bot.errors import InputError
from bot.sources.location import describe_source
from bot.sources.refresh import RefreshRequest


class KnowledgeCommands:
    """What an admin steers the pages' knowledge with."""

    def __init__(self, parts: CommandServices) -> None:
        self._parts = parts
        self._going_back = asyncio.Lock()
        self.commands: Handlers = {
            "recrawl": (Role.ADMIN, self._recrawl),
            "cancel": (Role.ADMIN, self._cancel),
            "status": (Role.ADMIN, self._status),
            "sources": (Role.ADMIN, self._sources),
            "sources add": (Role.ADMIN, self._add_source),
            "sources remove": (Role.ADMIN, self._remove_source),
            "sources pause": (Role.ADMIN, self._pause_source),
            "sources resume": (Role.ADMIN, self._resume_source),
            "sources every": (Role.ADMIN, self._schedule_source),
            "versions": (Role.ADMIN, self._versions),
            "rollback": (Role.ADMIN, self._rollback),
        }
        self.clicks: Handlers = {
            "cancel": (Role.ADMIN, self._cancel),
            "force": (Role.ADMIN, self._force),
            "rollback": (Role.ADMIN, self._rollback),
            "add_source": (Role.ADMIN, self._confirm_source),
            "drop_source": (Role.ADMIN, self._drop_source),
            "status": (Role.ADMIN, self._status),
            "sources": (Role.ADMIN, self._sources),
            "recrawl": (Role.ADMIN, self._recrawl),
        }

    async def _recrawl(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        request = RefreshRequest(
            only=(name,) if name else (),
            dry_run=bool(asked.options.get("dry-run")),
            force=bool(asked.options.get("force")),
            asked_by=asked.actor.id,
        )
        return await self._start(asked, request)

    async def _start(self, asked: CommandContext, request: RefreshRequest) -> Answer:
        run, started = await self._parts.refreshing.begin(request)
        by = asked.actor.shown if started else ""
        following = asyncio.create_task(self._parts.watching.follow(run, asked.screen, joined=not started, by=by))
        await asked.screen.follow_task(following)
        return None

    async def _force(self, asked: CommandContext) -> Answer:
        before = await self._parts.refreshing.get(asked.value)
        if before is None:
            raise InputError("That re-crawl is not known any more: start it anew with --force.")
        only = tuple(cast(Sequence[str], before.report.get("sources", ())))
        return await self._start(asked, RefreshRequest(only=only, force=True, asked_by=asked.actor.id))

    async def _cancel(self, asked: CommandContext) -> Answer:
        running = await self._parts.refreshing.running()
        if running is None or (asked.value and running.id != asked.value):
            return Card(text="It has ended already." if asked.value else "No re-crawl runs.")
        await self._parts.refreshing.cancel(running.id)
        return Card(text="It stops at the next page. The version before goes on answering.")

    async def _status(self, asked: CommandContext) -> Answer:
        return drawing.status_card(await self._parts.status.status())

    async def _sources(self, asked: CommandContext) -> Answer:
        return drawing.sources_card(await self._parts.status.sources())

    async def _add_source(self, asked: CommandContext) -> Answer:
        location = asked.text("url")
        if not location.startswith(("https://", "http://")) and asked.actor.platform != "cli":
            raise InputError("Only websites can be added from a chat: give a URL that begins with https://.")
        source = describe_source(
            location,
            name=asked.text("name"),
            path_prefix=asked.text("prefix"),
            single_page=bool(asked.options.get("page")),
        )
        for known in await self._parts.sources.list():
            if source.name == known.name or source.location == known.location:
                raise InputError(f"{known.location} is known already, as source {known.name}: remove it first.")
        await asked.screen.show_card(Card(text=f"Looking at {source.location} …"))
        return drawing.preview_card(await self._parts.previewing.preview(source))

    async def _confirm_source(self, asked: CommandContext) -> Answer:
        source = await self._parts.previewing.confirm(asked.value)
        await self._parts.sources.add(source)
        return await self._start(asked, RefreshRequest(only=(source.name,), asked_by=asked.actor.id))

    async def _drop_source(self, asked: CommandContext) -> Answer:
        await self._parts.previewing.confirm(asked.value)
        await asked.screen.show_card(Card(text="Left as it is: nothing was added."))
        return None

    async def _remove_source(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        return Card(text=drawing.for_chat(await self._parts.removing.remove(name)))

    async def _pause_source(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        await self._parts.schedules.pause(name, True)
        return Card(text=f"Paused {name}: it is left out of re-crawls, and what it held stays.")

    async def _resume_source(self, asked: CommandContext) -> Answer:
        name = asked.text("source")
        await self._parts.schedules.pause(name, False)
        return Card(text=f"Took {name} up again.")

    async def _schedule_source(self, asked: CommandContext) -> Answer:
        name, text = asked.text("source"), asked.text("hours").casefold()
        try:
            hours = None if text in {"never", "off", "0"} else float(text.removesuffix("h"))
        except ValueError:
            raise InputError(f"{text!r} is no number of hours: write 24, or never.") from None
        schedule = await self._parts.schedules.set_interval(name, hours)
        if hours is None:
            return Card(text=f"{name} is read by hand alone now.")
        return Card(text=f"{name} is read every {hours:g} hours, next {drawing.ago(schedule.next_at)}.")

    async def _versions(self, asked: CommandContext) -> Answer:
        store = self._parts.versions
        versions = await asyncio.to_thread(store.list_versions)
        return drawing.versions_card([version.manifest for version in versions], store.active_id())

    async def _rollback(self, asked: CommandContext) -> Answer:
        async with self._going_back:
            before = self._parts.versions.active_id()
            if asked.value and before != asked.value:  # a button of a version, pressed twice or by two
                return Card(text=f"Version {asked.value} is not the one that answers: that is {before}.")
            chosen = await asyncio.to_thread(
                self._parts.versions.roll_back, asked.text("version") or None, only_from=asked.value
            )
        return Card(text=f"Version {chosen.id} answers now (before: {before}). A re-crawl goes forward again.")
