"""What admins and teammates call, from Slack, Discord or the command line: who may is asked here, at every call."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import structlog

from bot.cards import Button, Card, File, Form, Line, Style
from bot.console import drawing, glossary
from bot.console.gaps import gaps_card
from bot.console.lines import COMMANDS, Call, usage
from bot.console.watching import Watching
from bot.errors import BotError, DeliveryError, InputError, NotAllowed
from bot.handoff.handing import Handing
from bot.handoff.packets import CLAIM, REOPEN, RESOLVE
from bot.interfaces import (
    AdminStore,
    AuditLog,
    ConversationStore,
    HandoffStore,
    Inbox,
    Markers,
    Screen,
    SourceStore,
)
from bot.knowledge.exporting import as_html, as_json_ld
from bot.knowledge.gaps import Gaps, to_csv
from bot.knowledge.glossary import Keeping
from bot.knowledge.permissions import Permissions
from bot.knowledge.previewing import Previewing
from bot.knowledge.privacy import Privacy, pseudonym
from bot.knowledge.refreshing import Refreshing, RefreshRequest
from bot.knowledge.removing import Removing
from bot.knowledge.schedules import Schedules
from bot.knowledge.sources import describe_source
from bot.knowledge.status import StatusReport
from bot.knowledge.teaching import Teaching
from bot.messages import Channel, ChannelKind, Place
from bot.people import Actor, Role
from bot.steering import FORGOTTEN, HandoffState, Taught, TaughtState
from bot.words import words_for
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from retrieval.indexing.versions import VersionStore

log = structlog.get_logger(__name__)

FORGET_ME = "forget_me"
_DAYS = 7


@dataclass(frozen=True, slots=True)
class Parts:
    """The use cases that a console calls."""

    permissions: Permissions
    admins: AdminStore
    audit: AuditLog
    sources: SourceStore
    schedules: Schedules
    refreshing: Refreshing
    watching: Watching
    previewing: Previewing
    removing: Removing
    status: StatusReport
    versions: VersionStore
    conversations: ConversationStore
    gaps: Gaps
    inbox: Inbox
    handing: Handing
    handoffs: HandoffStore
    teaching: Teaching
    glossary: Keeping
    privacy: Privacy
    markers: Markers


@dataclass(frozen=True, slots=True)
class Asked:
    """A call by somebody, somewhere; `fields` are those of a form."""

    actor: Actor
    place: Place
    screen: Screen
    name: str
    options: Mapping[str, str | bool] = field(default_factory=dict)
    value: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """An option's text, or ""."""
        value = self.options.get(name, "")
        return value if isinstance(value, str) else ""


Answer = Card | Form | None
"""What only the caller sees: a card, or a form to be filled in."""


class Console:
    """Each method answers what only the caller sees; what everybody sees goes to the screen. A fault becomes a card:
    of a known one its cause and mend, of any other an id that stands in the log."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._commands: Mapping[str, tuple[Role, Callable[[Asked], Awaitable[Answer]]]] = {
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
            "explain": (Role.TEAMMATE, self._explain),
            "gaps": (Role.ADMIN, self._gaps),
            "channel help": (Role.ADMIN, self._help_channel),
            "channel quiet": (Role.ADMIN, self._quiet_channel),
            "admins": (Role.ADMIN, self._admins),
            "admins add": (Role.ADMIN, self._add_admin),
            "admins remove": (Role.ADMIN, self._remove_admin),
            "handoffs": (Role.TEAMMATE, self._handoffs),
            "taught": (Role.TEAMMATE, self._taught),
            "taught show": (Role.TEAMMATE, self._show_taught),
            "teach": (Role.TEAMMATE, self._teach),
            "export": (Role.TEAMMATE, self._export),
            "forget": (Role.ADMIN, self._forget),
            "audit": (Role.ADMIN, self._audit),
            "help": (Role.TEAMMATE, self._help),
            **{name: (Role.ADMIN, work) for name, work in glossary.commands(lambda: parts.glossary).items()},
        }
        self._clicks: Mapping[str, tuple[Role, Callable[[Asked], Awaitable[Answer]]]] = {
            "cancel": (Role.ADMIN, self._cancel),
            "force": (Role.ADMIN, self._force),
            "rollback": (Role.ADMIN, self._rollback_click),
            "add_source": (Role.ADMIN, self._confirm_source),
            "drop_source": (Role.ADMIN, self._drop_source),
            "status": (Role.ADMIN, self._status),
            "sources": (Role.ADMIN, self._sources),
            "gaps": (Role.ADMIN, self._gaps),
            "recrawl": (Role.ADMIN, self._recrawl),
            CLAIM: (Role.TEAMMATE, self._claim),
            RESOLVE: (Role.TEAMMATE, self._resolve),
            REOPEN: (Role.CUSTOMER, self._reopen),
            "approve": (Role.TEAMMATE, self._approve),
            "edit": (Role.TEAMMATE, self._edit),
            "dismiss": (Role.TEAMMATE, self._dismiss),
            "explain": (Role.TEAMMATE, self._explain),
            FORGET_ME: (Role.CUSTOMER, self._forget_me),
        }

    # -- the three ways in ----------------------------------------------------------------------------------------

    async def run(self, actor: Actor, place: Place, call: Call, screen: Screen) -> Answer:
        """A command."""
        role, work = self._commands[call.name]
        asked = Asked(actor, place, screen, call.name, call.options)
        return await self._guarded(asked, role, work, _target(asked))

    async def click(self, actor: Actor, place: Place, action: str, value: str, screen: Screen) -> Answer:
        """A button. `screen` shows what takes the place of the message it stands below."""
        if action not in self._clicks:
            return Card(text="I do not know this button any more.")
        role, work = self._clicks[action]
        target = pseudonym(actor.platform, actor.user) if action == FORGET_ME else value[:12]
        return await self._guarded(Asked(actor, place, screen, action, value=value), role, work, target)

    async def submit(
        self, actor: Actor, place: Place, action: str, value: str, fields: Mapping[str, str], screen: Screen
    ) -> Answer:
        """A form."""
        work = {"teach": self._taught_by_form, "edit": self._edited_by_form}.get(action)
        if work is None:
            return Card(text="I do not know this form any more.")
        asked = Asked(actor, place, screen, action, value=value, fields=fields)
        return await self._guarded(asked, Role.TEAMMATE, work, value[:12])

    async def save_message(self, actor: Actor, place: Place, question: str, answer: str, url: str) -> Answer:
        """ "Save as FAQ answer" on somebody's message: a form with what is known."""

        async def work(asked: Asked) -> Answer:
            token = uuid.uuid4().hex[:12]
            await self._parts.markers.set(f"teach:{token}", url)
            return drawing.teach_form("teach", token, question=question, answer=answer)

        return await self._guarded(Asked(actor, place, _Nowhere(), "save"), Role.TEAMMATE, work, "")

    async def source_names(self, actor: Actor) -> Sequence[str]:
        """What is offered to an admin who types a source's name; nothing to others."""
        try:
            if await self._parts.permissions.role(actor) < Role.ADMIN:
                return ()
            return [source.name for source in await self._parts.sources.list()]
        except BotError:
            return ()

    def ask_forget_me(self, actor: Actor, language: str) -> Card:
        """`/forget-me`: asks first."""
        words = words_for(language)
        yes = Button(FORGET_ME, f"{actor.user} {language}", words.labels["forget_yes"], Style.DANGER)
        return Card(text=words.say("forget_confirm"), buttons=(yes,))

    async def _guarded(
        self, asked: Asked, role: Role, work: Callable[[Asked], Awaitable[Answer]], target: str
    ) -> Answer:
        try:
            async with self._parts.permissions.allowed(
                asked.actor, role, asked.name, target, as_user=FORGOTTEN if _forgets_caller(asked) else ""
            ):
                return await work(asked)
        except (BotError, RetrievalError) as error:
            if asked.actor.platform == "cli":  # there a fault is a line of its own and an exit code
                raise
            if isinstance(error, DeliveryError):
                log.warning("not shown", command=asked.name, cause=str(error))
            return Card(text=drawing.for_chat(str(error)), fault=True)
        except Exception as error:
            if asked.actor.platform == "cli":
                raise
            fault = uuid.uuid4().hex[:8]
            log.error("fault", fault=fault, command=asked.name, kind=type(error).__name__)
            log.debug("fault's traceback", fault=fault, exc_info=error)
            return Card(text=words_for("en").say("fault", fault=fault), fault=True)

    # -- re-crawls, sources, versions -----------------------------------------------------------------------------

    async def _recrawl(self, asked: Asked) -> Answer:
        name = asked.text("source")
        request = RefreshRequest(
            only=(name,) if name else (),
            dry_run=bool(asked.options.get("dry-run")),
            force=bool(asked.options.get("force")),
            asked_by=asked.actor.id,
        )
        return await self._start(asked, request)

    async def _start(self, asked: Asked, request: RefreshRequest) -> Answer:
        run, started = await self._parts.refreshing.begin(request)
        by = asked.actor.shown if started else ""
        following = asyncio.create_task(self._parts.watching.follow(run, asked.screen, joined=not started, by=by))
        await asked.screen.attend(following)
        return None

    async def _force(self, asked: Asked) -> Answer:
        before = await self._parts.refreshing.get(asked.value)
        if before is None:
            raise InputError("That re-crawl is not known any more: start it anew with --force.")
        only = tuple(cast(Sequence[str], before.report.get("sources", ())))
        return await self._start(asked, RefreshRequest(only=only, force=True, asked_by=asked.actor.id))

    async def _cancel(self, asked: Asked) -> Answer:
        running = await self._parts.refreshing.running()
        if running is None or (asked.value and running.id != asked.value):
            return Card(text="It has ended already." if asked.value else "No re-crawl runs.")
        await self._parts.refreshing.cancel(running.id)
        return Card(text="It stops at the next page. The version before goes on answering.")

    async def _status(self, asked: Asked) -> Answer:
        return drawing.status_card(await self._parts.status.status())

    async def _sources(self, asked: Asked) -> Answer:
        return drawing.sources_card(await self._parts.status.sources())

    async def _add_source(self, asked: Asked) -> Answer:
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
        await asked.screen.show(Card(text=f"Looking at {source.location} …"))
        return drawing.preview_card(await self._parts.previewing.preview(source))

    async def _confirm_source(self, asked: Asked) -> Answer:
        source = await self._parts.previewing.confirm(asked.value)
        await self._parts.sources.add(source)
        return await self._start(asked, RefreshRequest(only=(source.name,), asked_by=asked.actor.id))

    async def _drop_source(self, asked: Asked) -> Answer:
        await self._parts.previewing.confirm(asked.value)
        await asked.screen.show(Card(text="Left as it is: nothing was added."))
        return None

    async def _remove_source(self, asked: Asked) -> Answer:
        name = asked.text("source")
        return Card(text=drawing.for_chat(await self._parts.removing.remove(name)))

    async def _pause_source(self, asked: Asked) -> Answer:
        name = asked.text("source")
        await self._parts.schedules.pause(name, True)
        return Card(text=f"Paused {name}: it is left out of re-crawls, and what it held stays.")

    async def _resume_source(self, asked: Asked) -> Answer:
        name = asked.text("source")
        await self._parts.schedules.pause(name, False)
        return Card(text=f"Took {name} up again.")

    async def _schedule_source(self, asked: Asked) -> Answer:
        name, text = asked.text("source"), asked.text("hours").casefold()
        try:
            hours = None if text in {"never", "off", "0"} else float(text.removesuffix("h"))
        except ValueError:
            raise InputError(f"{text!r} is no number of hours: write 24, or never.") from None
        schedule = await self._parts.schedules.set_interval(name, hours)
        if hours is None:
            return Card(text=f"{name} is read by hand alone now.")
        return Card(text=f"{name} is read every {hours:g} hours, next {drawing.ago(schedule.next_at)}.")

    async def _versions(self, asked: Asked) -> Answer:
        store = self._parts.versions
        versions = await asyncio.to_thread(store.list)
        return drawing.versions_card([version.manifest for version in versions], store.active_id())

    async def _rollback(self, asked: Asked) -> Answer:
        before = self._parts.versions.active_id()
        chosen = await asyncio.to_thread(self._parts.versions.rollback, asked.text("version") or None)
        return Card(text=f"Version {chosen.id} answers now (before: {before}). A re-crawl goes forward again.")

    async def _rollback_click(self, asked: Asked) -> Answer:
        active = self._parts.versions.active_id()
        if active != asked.value:
            return Card(text=f"Version {asked.value} is not the one that answers: that is {active}.")
        return await self._rollback(asked)

    # -- questions ------------------------------------------------------------------------------------------------

    async def _explain(self, asked: Asked) -> Answer:
        return drawing.explanation_card(await self._parts.conversations.turn(asked.value or asked.text("answer")))

    async def _gaps(self, asked: Asked) -> Answer:
        text = asked.text("days") or str(_DAYS)
        if not text.isdecimal() or not 1 <= int(text) <= 366:
            raise InputError(f"{text!r} is no number of days from 1 to 366.")
        report = await self._parts.gaps.report(days=int(text))
        file = File(f"gaps-{report.until:%Y-%m-%d}.csv", to_csv(report)) if report.gaps else None
        return gaps_card(report, file)

    # -- channels and people --------------------------------------------------------------------------------------

    async def _help_channel(self, asked: Asked) -> Answer:
        return await self._mark(asked, ChannelKind.HELP)

    async def _quiet_channel(self, asked: Asked) -> Answer:
        return await self._mark(asked, ChannelKind.QUIET)

    async def _mark(self, asked: Asked, kind: ChannelKind) -> Answer:
        state = asked.text("state").casefold()
        if state not in {"on", "off"}:
            raise InputError(f"Say on or off: {usage(asked.name)}")
        place = asked.place
        channel = Channel(place.platform, place.workspace, asked.text("channel") or place.channel)
        current = (await self._parts.inbox.marked()).get(channel)
        if state == "on":
            await self._parts.inbox.mark(channel, kind)
        elif current is kind:
            await self._parts.inbox.mark(channel, None)
        told = {
            (ChannelKind.HELP, "on"): "a help channel now: I answer every new question there",
            (ChannelKind.HELP, "off"): "no help channel any more: I answer there when I am mentioned",
            (ChannelKind.QUIET, "on"): "quiet now: I answer commands there and nothing else",
            (ChannelKind.QUIET, "off"): "not quiet any more: I answer there when I am mentioned",
        }[kind, state]
        here = "This channel" if channel.channel == place.channel else "That channel"
        return Card(text=f"{here} is {told}.")

    async def _admins(self, asked: Asked) -> Answer:
        return drawing.admins_card(await self._parts.admins.list(), asked.actor.platform)

    async def _add_admin(self, asked: Asked) -> Answer:
        actor, user = asked.actor, asked.text("user").lstrip("@")
        platform, workspace = _whose(asked)
        new = await self._parts.admins.add(platform, workspace, user, actor.id)
        return Card(text=f"{user} may steer me now." if new else f"{user} was named an admin already.")

    async def _remove_admin(self, asked: Asked) -> Answer:
        user = asked.text("user").lstrip("@")
        platform, workspace = _whose(asked)
        was = await self._parts.admins.remove(platform, workspace, user)
        return Card(text=f"{user} may steer me no more." if was else f"{user} was not named an admin.")

    async def _audit(self, asked: Asked) -> Answer:
        return drawing.audit_card(await self._parts.audit.list(20))

    async def _forget(self, asked: Asked) -> Answer:
        gone = await self._parts.privacy.forget(*_whom(asked))
        return Card(title="Forgotten", text=_counted(gone) or "Nothing of them was kept.")

    async def _forget_me(self, asked: Asked) -> Answer:
        actor = asked.actor
        user, _, language = asked.value.partition(" ")
        if user != actor.user:
            raise NotAllowed("That button is for whoever asked: use /forget-me.")
        await self._parts.privacy.forget(actor.platform, actor.user)
        words = words_for(language or "en")
        return Card(text=words.say("forgotten", platform=actor.platform.capitalize()))

    async def _help(self, asked: Asked) -> Answer:
        lines = tuple(Line(usage(name), note=spec.help) for name, spec in COMMANDS.items())
        return Card(title="What you can ask of me here", lines=lines)

    # -- handoffs -------------------------------------------------------------------------------------------------

    async def _handoffs(self, asked: Asked) -> Answer:
        return drawing.handoffs_card(await self._parts.handoffs.list(HandoffState.OPEN, HandoffState.CLAIMED))

    async def _claim(self, asked: Asked) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.claim(asked.actor, asked.value)

    async def _resolve(self, asked: Asked) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.resolve(asked.actor, asked.value)

    async def _reopen(self, asked: Asked) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.reopen(asked.actor, asked.value)

    async def _check_place(self, asked: Asked) -> None:
        if not await self._parts.handing.may_steer(asked.actor, asked.value, asked.place):
            raise NotAllowed("That is for those who see the support channel, there.")

    # -- taught answers -------------------------------------------------------------------------------------------

    async def _taught(self, asked: Asked) -> Answer:
        text = asked.text("state").casefold()
        try:
            states = (TaughtState(text),) if text else ()
        except ValueError:
            known = ", ".join(state.value for state in TaughtState)
            raise InputError(f"{text!r} is none of {known}.") from None
        return drawing.taught_list(await self._parts.teaching.list(*states))

    async def _show_taught(self, asked: Asked) -> Answer:
        taught = await self._parts.teaching.get(asked.text("id"))
        return drawing.proposal_card(await self._parts.teaching.proposal(taught))

    async def _teach(self, asked: Asked) -> Answer:
        question, answer = asked.text("question"), asked.text("answer")
        if question and answer:  # from the command line, which has no forms
            taught = await self._parts.teaching.teach(asked.actor, question, answer, expires=asked.text("expires"))
            return drawing.taught_card(taught)
        return drawing.teach_form("teach", "new")

    async def _taught_by_form(self, asked: Asked) -> Answer:
        url = await self._parts.markers.get(f"teach:{asked.value}")
        taught = await self._parts.teaching.teach(
            asked.actor,
            asked.fields.get("question", ""),
            asked.fields.get("answer", ""),
            expires=asked.fields.get("expires", ""),
            url=url,
        )
        return drawing.taught_card(taught)

    async def _edit(self, asked: Asked) -> Answer:
        taught = await self._parts.teaching.get(asked.value)
        if len(taught.answer) > drawing.FORM_ANSWER:  # a form would cut it off
            raise InputError(
                f"That is too long for a form: edit it where I run, by frontdesk taught edit {taught.id[:8]}"
            )
        return drawing.teach_form("edit", asked.value, taught)

    async def _edited_by_form(self, asked: Asked) -> Answer:
        taught = await self._parts.teaching.edit(
            asked.actor,
            asked.value,
            asked.fields.get("question", ""),
            asked.fields.get("answer", ""),
            asked.fields.get("expires", ""),
        )
        await self._redraw(asked, taught)
        return None

    async def _approve(self, asked: Asked) -> Answer:
        return await self._decided(asked, await self._parts.teaching.approve(asked.actor, asked.value))

    async def _dismiss(self, asked: Asked) -> Answer:
        return await self._decided(asked, await self._parts.teaching.dismiss(asked.value))

    async def _decided(self, asked: Asked, changed: Taught | None) -> Answer:
        taught = changed or await self._parts.teaching.get(asked.value)
        await self._redraw(asked, taught)
        return None if changed else Card(text=f"It is {taught.state.value} already.")

    async def _redraw(self, asked: Asked, taught: Taught) -> None:
        await asked.screen.show(drawing.taught_card(taught), public=True)

    async def _export(self, asked: Asked) -> Answer:
        kind = (asked.text("format") or "html").casefold()
        now = datetime.now(UTC)
        approved = await self._parts.teaching.list(TaughtState.APPROVED)
        taught = [each for each in reversed(approved) if each.expires_at is None or each.expires_at > now]
        if not taught:
            return Card(text="No taught answer is approved yet, or all have expired.")
        if kind == "html":
            file = File("faq.html", as_html(taught))
        elif kind in {"json", "json-ld", "jsonld"}:
            file = File("faq.jsonld", as_json_ld(taught))
        else:
            raise InputError(f"{kind!r} is none of html, json-ld.")
        return Card(text=f"{len(taught)} taught answers.", file=file)


class _Nowhere:
    """A screen for calls that show nothing."""

    async def show(self, card: Card, *, public: bool = False) -> None:
        """Nothing."""

    async def attend(self, work: asyncio.Task[Any]) -> None:
        """Nothing."""


def _target(asked: Asked) -> str:
    """What a command is done to, for the record: never a text."""
    if asked.name == "teach":
        return ""
    if asked.name == "forget":
        return pseudonym(*_whom(asked))
    return " ".join(str(value) for value in asked.options.values() if isinstance(value, str))


def _forgets_caller(asked: Asked) -> bool:
    """Whether the caller's own words are to be forgotten: then the record does not name them either."""
    if asked.name == FORGET_ME:
        return asked.value.partition(" ")[0] == asked.actor.user
    return asked.name == "forget" and _whom(asked) == (asked.actor.platform, asked.actor.user)


def _whom(asked: Asked) -> tuple[str, str]:
    """The platform and id of a user whose words are to be forgotten."""
    return asked.text("platform") or asked.actor.platform, asked.text("user").lstrip("@")


def _whose(asked: Asked) -> tuple[str, str]:
    """The platform and workspace that a user's id belongs to: the caller's own, or as the command line says."""
    return asked.text("platform") or asked.actor.platform, asked.text("workspace") or asked.actor.workspace


def _counted(gone: Mapping[str, int]) -> str:
    return ", ".join(f"{count} in {table}" for table, count in sorted(gone.items()) if count)
