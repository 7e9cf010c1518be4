"""The Bolt app: Slack's events, commands and clicks, each handed to the inbox or answered here. One composition of SDK
parts; nothing is decided in it.

Bolt runs every listener before it acknowledges (`process_before_response`): an event is acknowledged once its claim is
committed, and not at all when the database fails, so that Slack sends it again. Messages that come by a socket go past
it (`socket`). What a click makes us call Slack for comes after the acknowledgement (`lazy`): a rate limit may hold it
up.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped, warning_token_skipped
from slack_bolt.response import BoltResponse
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.chat.conversation import Turn, Vote
from bot.chat.message import MessageRef, ThreadRef
from bot.chat.people import Role
from bot.chat.ports import name_share
from bot.chat.split import split_markdown
from bot.errors import BotError, DeliveryError, Refusal, UnknownTurn
from bot.handoff.models import HandoffReason
from bot.i18n import words_for
from bot.i18n.language import primary_subtag
from bot.platforms.attachments import Attachments
from bot.platforms.channel_watch import SupportChannelWatch
from bot.platforms.services import PlatformServices
from bot.platforms.slack import blocks, choices
from bot.platforms.slack.api_errors import code_of, translate_connection_errors, translate_delivery_errors
from bot.platforms.slack.channels import SlackChannels
from bot.platforms.slack.commands import ANSWER, SlackCommands
from bot.platforms.slack.context import SlackMessageContext
from bot.platforms.slack.events import (
    NAME,
    Deleted,
    Edited,
    Home,
    list_clicker_groups,
    read_command,
    read_event,
    read_press,
    read_shortcut,
)
from bot.platforms.slack.gestures import Gestures
from bot.platforms.slack.markdown import to_literal, to_slack
from bot.platforms.slack.replies import SlackReplySender
from bot.platforms.slack.settings import SLACK, SlackSettings
from bot.platforms.slack.signatures import read_signed
from bot.platforms.slack.socket import MESSAGES, SocketHandler

log = structlog.get_logger(__name__)

MUTE = "mute"  # 🔇
_SHARED = "yes"  # the value of a marker
_CALL_SECONDS = 30


class SlackAdapter:
    """Joins the services when it is connected. In Socket Mode events come through a socket, else as signed requests to
    the web server."""

    platform = NAME

    def __init__(self, settings: SlackSettings, services: PlatformServices) -> None:
        self._settings = settings
        self._services = services
        self._inbox = services.inbox
        self._store = services.inbox_store
        self._conversations = services.conversations
        self._markers = services.markers
        self._catalogue = services.catalogue
        self._handoffs = services.handoffs
        self._voting = services.voting
        self._socket = settings.mode == "socket"
        self._home = Home()
        self._gestures = Gestures()
        self._replies: SlackReplySender | None = None
        self._identity = AuthorizeResult(enterprise_id=None, team_id=None)  # until `run` knows
        self._verifier = SignatureVerifier(settings.signing_secret.get_secret_value() or "unused in Socket Mode")
        self.client = web_client(settings)
        self._commands = SlackCommands(services.console, self.client)
        self.app = self._build_app()
        self.connected = False

    async def run(self) -> None:
        """Connect and serve until cancelled. Raises PlatformError when Slack refuses us or cannot be reached."""
        if self.client.session is None:  # connections that are kept, or each call would shake hands anew
            self.client.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS))
        with translate_connection_errors():
            identity = await self.client.auth_test()
        self._home = Home(str(identity["team_id"]), str(identity["user_id"]), str(identity.get("url") or ""))
        self._identity = AuthorizeResult.from_auth_test_response(
            bot_token=self._settings.bot_token.get_secret_value(), auth_test_response=identity
        )
        team_channels = (self._settings.support_channel, self._settings.admin_channel)
        channels = SlackChannels(self.client, self._home.team, team_channels)
        self._commands.channels, self._commands.home = channels, self._home
        watch = SupportChannelWatch(
            self._settings.support_channel, channels.find_faults, partial(self._handoffs.note_trouble, NAME)
        )
        for fault in (await watch.look()).values():
            log.error("no room for the team", cause=fault)
        around = SlackMessageContext(self.client, self._home, channels, self._build_attachments())
        self._replies = SlackReplySender(self.client, handoff=self._handoffs.can_hand_over)
        self._services.add_platform(NAME, self._replies, channels, around)
        watching = asyncio.create_task(watch.run())
        try:
            await self._serve()
        finally:
            watching.cancel()

    async def _serve(self) -> None:
        if not self._socket:
            await self._stay_connected(None)
        handler = SocketHandler(self.app, self._settings.app_token.get_secret_value(), self._on_message)
        try:
            with translate_connection_errors():
                handler.client.wss_uri = await handler.client.issue_new_wss_url()  # refused: said here, not in a loop
                await handler.connect_async()  # type: ignore[no-untyped-call]
            await self._stay_connected(handler)
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        await self._commands.close()
        self._services.remove_platform(NAME)
        session, self.client.session = self.client.session, None
        if session is not None:
            await session.close()

    @property
    def routes(self) -> Sequence[Route]:
        """Where Slack sends signed requests, if it is to."""
        return () if self._socket else (Route("/slack/events", self.handle_http, methods=["POST"]),)

    async def handle_http(self, request: Request) -> Response:
        """One signed request, through Bolt. While we do not know who we are, or stop, it is turned away: Slack sends it
        again."""
        if not self.connected:
            return PlainTextResponse("not ready\n", status_code=503)
        read = await read_signed(request, self._verifier)
        if isinstance(read, Response):
            return read
        return to_starlette_response(await self.app.async_dispatch(read))

    def _build_attachments(self) -> Attachments:
        """Files come from Slack's own hosts, to which alone the token goes."""
        own = "" if self._settings.api_url == SLACK else self._settings.api_url
        token = {"Authorization": f"Bearer {self._settings.bot_token.get_secret_value()}"}
        return Attachments({"files.slack.com"}, own, self._services.allowed_networks, token)

    async def _stay_connected(self, handler: SocketHandler | None) -> None:
        log.info("slack connected", mode="socket" if handler else "http", bot=self._home.user)
        try:
            while True:
                self.connected = handler is None or await handler.client.is_connected()
                await asyncio.sleep(1)
        finally:
            self.connected = False

    def _build_app(self) -> AsyncApp:
        async def authorize_request() -> AuthorizeResult:
            """What `run` asked before anything could be delivered. Bolt itself would ask at the first event, and
            acknowledge what it could not authorize for a fault of Slack's."""
            return self._identity

        logging.getLogger("slack_bolt.AsyncApp").addFilter(_is_news)
        app = AsyncApp(
            client=web_client(self._settings, token=""),  # not ours: Bolt copies it deeply, session and all
            authorize=authorize_request,
            signing_secret=self._settings.signing_secret.get_secret_value() or "unused in Socket Mode",
            process_before_response=True,
        )
        app.use(self._skip_repeated)
        for kind in MESSAGES:
            app.event(kind)(self._on_message)
        app.event("reaction_added")(self._on_reaction)
        app.event("reaction_removed")(self._on_reaction)
        app.event("app_home_opened")(self._on_home)
        app.event("assistant_thread_started")(self._on_assistant)
        app.event("agent_session_stopped")(self._on_stopped)
        app.command("/ask")(self._on_command)
        app.action(blocks.FEEDBACK)(ack=self._on_feedback, lazy=[self._ask_why])
        app.action(blocks.SHARE)(ack=_acknowledge_action, lazy=[self._on_share])
        app.action(blocks.ASK_HUMAN)(ack=_acknowledge_action, lazy=[self._on_ask_human])
        app.action(re.compile(f"^{choices.CHOOSE}:"))(ack=self._on_choice, lazy=[self._on_refused_choice])
        app.view(blocks.WHY)(self._on_why)
        app.shortcut(ANSWER)(ack=self._on_shortcut, lazy=[self._on_nothing_to_read])
        self._commands.register_listeners(app)
        anything = re.compile(".*")
        app.event(anything)(_ignore_event)
        app.action(anything)(_acknowledge_action)
        return app

    async def _skip_repeated(
        self,
        body: dict[str, Any],
        next: Callable[[], Awaitable[BoltResponse]],  # Bolt's name
    ) -> BoltResponse:
        """A command, click or form that is told twice is seen to once: its trigger is the same."""
        trigger = str(body.get("trigger_id") or "")
        if self._gestures.is_known(trigger):
            return BoltResponse(status=200, body="")
        return await next()

    # -- messages -------------------------------------------------------------------------------------------------

    async def _on_message(self, body: dict[str, Any]) -> None:
        told = read_event(body, self._home)
        if isinstance(told, Deleted):
            await self._inbox.receive_deletion(told.key)
        elif isinstance(told, Edited):
            await self._inbox.receive_edit(told.message)
        elif told:
            await self._inbox.receive_message(told)

    async def _on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await self._inbox.receive_message(read_command(body, self._home))
        await ack()

    async def _on_shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """ "Answer from the FAQ" on somebody's message: as a command with its words."""
        told = read_shortcut(body, self._home)
        if told.text or told.files:
            await self._inbox.receive_message(told)
        await ack()

    async def _on_nothing_to_read(self, body: dict[str, Any]) -> None:
        told = read_shortcut(body, self._home)
        url = str(body.get("response_url") or "")
        if url and not told.text and not told.files:
            words = words_for(await self._commands.find_language(told.user))
            await self._try_call(AsyncWebhookClient(url).send(text=words.say("nothing_to_read")))

    async def _on_reaction(self, body: dict[str, Any]) -> None:
        event = body["event"]
        item = event.get("item") or {}
        if event.get("reaction") != MUTE or item.get("type") != "message" or event.get("user") == self._home.user:
            return
        channel, ts = str(item["channel"]), str(item["ts"])
        thread = await self._thread_of(self._home.build_key(channel, ts))
        await self._inbox.set_muted(self._home.build_place(channel, thread), event["type"] == "reaction_added")

    async def _on_stopped(self, body: dict[str, Any]) -> None:
        """The native Stop button, below what the bot is about to answer."""
        event = body["event"]
        items = await self._inbox.stop_thread(
            self._home.build_place(str(event["channel"]), str(event.get("thread_ts") or ""))
        )
        for item in items:
            if self._replies:
                await self._try_call(self._replies.mark_stopped(item))

    async def _thread_of(self, key: MessageRef) -> str:
        """The thread that a message stands in: a reaction does not tell."""
        if known := await self._store.find_job(key):
            return known.message.place.thread
        try:
            with translate_delivery_errors():
                found = await self.client.conversations_replies(channel=key.channel, ts=key.message_id, limit=1)
            return str(found["messages"][0].get("thread_ts") or key.message_id)
        except (DeliveryError, IndexError):
            return key.message_id

    # -- clicks ---------------------------------------------------------------------------------------------------

    async def _on_feedback(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        vote, turn = await self._read_vote(body)
        if turn:
            await self._voting.vote(turn, body["user"]["id"], vote)
        await ack()

    async def _ask_why(self, body: dict[str, Any]) -> None:
        vote, turn = await self._read_vote(body)
        if turn and vote is Vote.DOWN:
            modal = blocks.draw_reason_modal(turn.id, words_for(turn.language))
            await self._try_call(self.client.views_open(trigger_id=body["trigger_id"], view=modal))

    async def _read_vote(self, body: dict[str, Any]) -> tuple[Vote, Turn | None]:
        vote, _, turn_id = str(body["actions"][0].get("value") or "").partition(":")
        return Vote.UP if vote == blocks.UP else Vote.DOWN, await self._find_turn(turn_id)

    async def _on_choice(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A button below a clarification: claimed as a message is, before the acknowledgement."""
        turn_id, number = choices.parse_choice(str(body["actions"][0].get("value") or ""))
        groups = list_clicker_groups(body, self._home)
        retarget = read_press(body, self._home)
        await self._inbox.receive_press(turn_id, number, body["user"]["id"], retarget, groups=groups)
        await ack()

    async def _on_refused_choice(self, body: dict[str, Any]) -> None:
        """Whoever may not choose is told so, alone."""
        turn_id, _ = choices.parse_choice(str(body["actions"][0].get("value") or ""))
        user, message = body["user"]["id"], body.get("message") or {}
        if why := await self._inbox.explain_refusal(turn_id, user):
            thread = str(message.get("thread_ts") or "") or None
            said = self.client.chat_postEphemeral(channel=body["channel"]["id"], user=user, text=why, thread_ts=thread)
            await self._try_call(said)

    async def _on_why(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        view = body["view"]
        reason = str(view["state"]["values"][blocks.WHY][blocks.WHY].get("value") or "").strip()
        turn = await self._find_turn(view["private_metadata"])
        if turn and reason:
            await self._voting.vote(turn, body["user"]["id"], Vote.DOWN, reason)
        await ack()

    async def _on_share(self, body: dict[str, Any]) -> None:
        """Whoever asked by command may show the answer to the channel, once."""
        turn = await self._find_turn(str(body["actions"][0].get("value") or ""))
        if turn is None or turn.user != body["user"]["id"]:
            return
        shared = name_share(turn.id)
        if not await self._markers.claim(shared, _SHARED):
            return
        pieces = split_markdown(to_slack(turn.answer, turn.links), blocks.PIECE)
        asked = to_literal(turn.question)[:1_000]
        heading = words_for(turn.language).say("shared_by", user=_format_user_name(body), question=f"*{asked}*")
        content = [{"type": "section", "text": {"type": "mrkdwn", "text": heading}}, *blocks.draw_body(pieces[0])]
        posted = await self._try_call(
            self.client.chat_postMessage(
                channel=body["channel"]["id"],
                text=asked,
                blocks=[*content, *blocks.draw_footer(turn)],
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        if not posted:
            await self._markers.set(shared, "")
        elif url := body.get("response_url"):
            await self._try_call(AsyncWebhookClient(url).send(delete_original=True))

    async def _on_ask_human(self, body: dict[str, Any]) -> None:
        """Hand the conversation to people, who tell the customer there."""
        turn = await self._find_turn(str(body["actions"][0].get("value") or ""))
        if turn is None:
            return
        channel, message, user = body["channel"]["id"], body.get("message") or {}, body["user"]["id"]
        thread = str(message.get("thread_ts") or message.get("ts") or "")
        place = self._home.build_place(channel, thread)
        link = ""
        try:
            if (body.get("container") or {}).get("is_ephemeral"):
                place = await self._open_direct_conversation(user)
            elif self._commands.channels:
                link = await self._commands.channels.fetch_link(self._home.build_key(channel, thread))
            await self._handoffs.open_handoff(place, user, "", turn, HandoffReason.BUTTON, link)
        except (BotError, DeliveryError) as error:
            log.error("not handed over", cause=str(error))

    async def _open_direct_conversation(self, user: str) -> ThreadRef:
        if self._commands.channels is None:
            raise DeliveryError("Slack is not connected", Refusal.MOMENT)
        return await self._commands.channels.open_direct_thread("", user)

    # -- what the bot shows of itself -----------------------------------------------------------------------------

    async def _on_home(self, body: dict[str, Any]) -> None:
        event = body["event"]
        language = await self._commands.find_language(event["user"])
        overview = await self._catalogue.overview(primary_subtag(language))
        if event.get("tab") == "messages":
            await self._suggest_prompts(event["channel"], None, language)
        else:
            steers = await self._commands.find_role(event["user"]) is Role.ADMIN
            view = blocks.draw_home_view(overview, words_for(language), steers=steers)
            await self._try_call(self.client.views_publish(user_id=event["user"], view=view))

    async def _on_assistant(self, body: dict[str, Any]) -> None:
        thread = body["event"]["assistant_thread"]
        await self._suggest_prompts(
            thread["channel_id"], thread["thread_ts"], await self._commands.find_language(thread["user_id"])
        )

    async def _suggest_prompts(self, channel: str, thread: str | None, language: str) -> None:
        prompts = blocks.build_prompts(await self._catalogue.overview(primary_subtag(language)))
        if prompts:
            title = words_for(language).say("prompts")
            await self._try_call(
                self.client.assistant_threads_setSuggestedPrompts(
                    channel_id=channel, thread_ts=thread, title=title, prompts=prompts
                )
            )

    async def _find_turn(self, turn_id: str) -> Turn | None:
        try:
            return await self._conversations.find_turn(turn_id)
        except UnknownTurn:
            return None

    async def _try_call(self, call: Any) -> Any:
        """Await a call that is no answer; None when Slack refuses it, which is logged."""
        try:
            with translate_delivery_errors():
                return await call
        except (BotError, DeliveryError) as error:
            log.warning("slack refused", cause=str(error), code=code_of(error))
            return None


def web_client(settings: SlackSettings, token: str | None = None) -> AsyncWebClient:
    """The SDK's client, with the settings' bot token or another: 429s are waited out as Slack asks; whatever else
    fails, the inbox tries again."""
    return AsyncWebClient(
        token=settings.bot_token.get_secret_value() if token is None else token,
        base_url=settings.api_url,
        timeout=_CALL_SECONDS,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=5)],
    )


async def check_token(settings: SlackSettings, scopes: frozenset[str]) -> tuple[str, frozenset[str]]:
    """For `doctor`: who the bot is, and which of `scopes` it lacks. Raises PlatformError."""
    client = web_client(settings)
    with translate_connection_errors():
        identity = await client.auth_test()
    headers: Mapping[str, str] = {key.lower(): value for key, value in identity.headers.items()}
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",") if scope.strip()}
    return f"{identity['user']} in {identity['team']}", frozenset(scopes - granted if granted else ())


async def check_channels(settings: SlackSettings) -> list[str]:
    """For `doctor`: what is wrong with the team's channels, a line each."""
    channels = SlackChannels(web_client(settings), "", (settings.support_channel, settings.admin_channel))
    return list((await channels.find_faults()).values())


async def team_of(settings: SlackSettings) -> str:
    """The id of the token's workspace. Raises PlatformError."""
    with translate_connection_errors():
        return str((await web_client(settings).auth_test())["team_id"])


async def check_socket(settings: SlackSettings) -> None:
    """For `doctor`: whether a socket could be opened. Raises PlatformError."""
    with translate_connection_errors():
        await web_client(settings).apps_connections_open(app_token=settings.app_token.get_secret_value())


def _format_user_name(body: Mapping[str, Any]) -> str:
    """The name of the person who clicked; written out, since a mention would ring."""
    user = body["user"]
    return to_literal(str(user.get("name") or user.get("username") or user["id"]))


async def _ignore_event() -> None:
    """An event that nothing is done with."""


async def _acknowledge_action(ack: AsyncAck) -> None:
    await ack()


def _is_news(record: logging.LogRecord) -> bool:
    """Bolt would warn that it leaves the token to us."""
    return record.getMessage() not in {warning_client_prioritized_and_token_skipped(), warning_token_skipped()}
