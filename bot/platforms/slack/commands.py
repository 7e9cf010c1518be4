"""What admins and teammates do in Slack, handed to the console: `/faq`, `/forget-me`, buttons, forms, shortcuts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.card import Card, Form
from bot.chat.message import ThreadRef
from bot.chat.people import Actor, Role
from bot.commands.console import Console
from bot.commands.context import Answer
from bot.commands.parser import read_line
from bot.errors import DeliveryError, InputError, Refusal
from bot.i18n import DEFAULT
from bot.i18n.locales import language_of_locale
from bot.platforms.slack import choices
from bot.platforms.slack.admin_replies import SlackAdminReply
from bot.platforms.slack.api_errors import translate_delivery_errors
from bot.platforms.slack.cards import DO, FORM, form_view, read_form
from bot.platforms.slack.channels import SlackChannels
from bot.platforms.slack.events import NAME, Home, text_of
from bot.privacy.commands import ask_to_forget
from bot.runtime.tasks import AttendedTasks
from bot.taught.commands import SAVE_MESSAGE

log = structlog.get_logger(__name__)

ANSWER, EXPLAIN, SAVE = "answer_message", "explain_answer", "save_answer"
_TURN = re.compile(r"^(?:up|down):([0-9a-f]{32})$|^([0-9a-f]{32})$")


class SlackCommands:
    """`channels` is there once the adapter is connected."""

    def __init__(self, console: Console, client: AsyncWebClient) -> None:
        self._console = console
        self._client = client
        self._attended = AttendedTasks("steering")
        self.channels: SlackChannels | None = None
        self.home = Home()

    def register_listeners(self, app: AsyncApp) -> None:
        """Listen to what the manifest declares."""
        app.command("/faq")(ack=_acknowledge_request, lazy=[self._on_faq])
        app.command("/forget-me")(ack=_acknowledge_request, lazy=[self._on_forget_me])
        app.action(re.compile(f"^{DO}:"))(ack=_acknowledge_request, lazy=[self._on_click])
        app.view(re.compile(f"^{FORM}:"))(self._on_form)
        app.shortcut(EXPLAIN)(ack=_acknowledge_request, lazy=[self._on_explain])
        app.shortcut(SAVE)(ack=_acknowledge_request, lazy=[self._on_save])

    async def find_role(self, user: str) -> Role:
        """What a person may do, as Slack says now; a customer's where it does not say."""
        try:
            return await self.channels.find_role(user) if self.channels else Role.CUSTOMER
        except DeliveryError as error:
            log.warning("role not known", cause=str(error))
            return Role.CUSTOMER

    async def find_language(self, user: str) -> str:
        """The language a person uses Slack in, as a tag of ours; "en" where Slack does not say."""
        try:
            with translate_delivery_errors():
                found = await self._client.users_info(user=user, include_locale=True)
        except DeliveryError as error:
            log.warning("language not known", cause=str(error))
            return DEFAULT
        return language_of_locale(str(found["user"].get("locale") or ""))

    async def close(self) -> None:
        """Show nothing more."""
        await self._attended.close()

    # -- commands -------------------------------------------------------------------------------------------------

    async def _on_faq(self, body: dict[str, Any]) -> None:
        place = self.home.build_place(str(body["channel_id"]))
        screen = self._build_reply(place, str(body["user_id"]), body)
        try:
            call = read_line(str(body.get("text") or ""), self._console.commands)
        except InputError as error:
            await self._show_answer(screen, body, Card(text=str(error), fault=True))
            return
        actor = await self._build_actor(place.workspace, str(body["user_id"]), str(body.get("user_name") or ""))
        await self._show_answer(screen, body, await self._console.run(actor, place, call, screen))

    async def _on_forget_me(self, body: dict[str, Any]) -> None:
        place = self.home.build_place(str(body["channel_id"]))
        user = str(body["user_id"])
        actor = Actor(NAME, place.workspace, user)
        await self._show_answer(
            self._build_reply(place, user, body), body, ask_to_forget(actor, await self.find_language(user))
        )

    # -- clicks, forms, shortcuts ---------------------------------------------------------------------------------

    async def _on_click(self, body: dict[str, Any]) -> None:
        action = body["actions"][0]
        name = str(action["action_id"]).split(":")[1]
        place, user = self._place_of(body), str(body["user"]["id"])
        screen = self._build_reply(place, user, body)
        actor = await self._build_actor(place.workspace, user, _read_user_name(body))
        value = str(action.get("value") or "").removeprefix("-")
        await self._show_answer(screen, body, await self._console.click(actor, place, name, value, screen))

    async def _on_form(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """What is wrong with it stands below its first field, so that nothing that was typed is lost."""
        view = body["view"]
        about = _parse_metadata(view)
        place = self.home.build_place(about.get("channel", ""), about.get("thread", ""))
        user = str(body["user"]["id"])
        screen = self._build_reply(place, user, {}, about.get("message", ""))
        screen.held = []
        actor = await self._build_actor(place.workspace, user, _read_user_name(body))
        action, fields = str(view["callback_id"]).partition(":")[2], read_form(view)
        answer = await self._console.submit(actor, place, action, about.get("value", ""), fields, screen)
        if isinstance(answer, Card) and answer.fault:
            await ack(response_action="errors", errors={next(iter(fields)): answer.text[:2_000]})
            return
        await ack()
        try:
            await screen.show_held_cards()
        except DeliveryError as error:
            log.warning("slack refused", cause=str(error))
        await self._show_answer(screen, {}, answer)

    async def _on_explain(self, body: dict[str, Any]) -> None:
        place, user = self._place_of(body), str(body["user"]["id"])
        screen = self._build_reply(place, user, body, hidden=True)
        turn = _turn_of(body["message"])
        if not turn:
            await self._show_answer(screen, body, Card(text="That message is none of my answers.", fault=True))
            return
        actor = await self._build_actor(place.workspace, user, _read_user_name(body))
        await self._show_answer(screen, body, await self._console.click(actor, place, "explain", turn, screen))

    async def _on_save(self, body: dict[str, Any]) -> None:
        place, user, message = self._place_of(body), str(body["user"]["id"]), body["message"]
        actor = await self._build_actor(place.workspace, user, _read_user_name(body))
        question, url = await self._find_question_and_link(place, message)
        fields = {"question": question, "answer": text_of(message, self.home), "url": url}
        screen = self._build_reply(place, user, body, hidden=True)
        await self._show_answer(screen, body, await self._console.submit(actor, place, SAVE_MESSAGE, "", fields))

    # -- parts ----------------------------------------------------------------------------------------------------

    async def _build_actor(self, team: str, user: str, name: str) -> Actor:
        shown, role = await self._find_name(user) or name, await self.find_role(user)
        language = await self.find_language(user) if role >= Role.TEAMMATE else DEFAULT
        return Actor(NAME, team, user, shown, role, language)

    async def _find_name(self, user: str) -> str:
        try:
            return await self.channels.fetch_user_name("", user) if self.channels else ""
        except DeliveryError:
            return ""

    async def _find_question_and_link(self, place: ThreadRef, message: Mapping[str, Any]) -> tuple[str, str]:
        """What a message answers (its thread's first one), and where it stands."""
        question = url = ""
        try:
            with translate_delivery_errors():
                link = await self._client.chat_getPermalink(channel=place.channel, message_ts=message["ts"])
                url = str(link["permalink"])
                root = str(message.get("thread_ts") or "")
                if root and root != message["ts"]:
                    found = await self._client.conversations_replies(channel=place.channel, ts=root, limit=1)
                    question = text_of(found["messages"][0], self.home)
        except (DeliveryError, IndexError) as error:
            log.warning("message's thread not read", cause=str(error))
        return question, url

    def _place_of(self, body: Mapping[str, Any]) -> ThreadRef:
        """Where a click was made; in the App Home nowhere. Below a message that only one person sees there is no
        thread."""
        channel = str((body.get("channel") or {}).get("id") or "")
        message = body.get("message") or {}
        hidden = bool((body.get("container") or {}).get("is_ephemeral"))
        thread = str(message.get("thread_ts") or ("" if hidden else message.get("ts")) or "") if channel else ""
        return self.home.build_place(channel, thread)

    def _build_reply(
        self, place: ThreadRef, user: str, body: Mapping[str, Any], message: str = "", *, hidden: bool = False
    ) -> SlackAdminReply:
        if self.channels is None:
            raise DeliveryError("Slack is not connected", Refusal.MOMENT)
        container = body.get("container") or {}
        return SlackAdminReply(
            self._client,
            self.channels,
            place,
            user,
            self._attended.attend_to,
            response_url=str(body.get("response_url") or ""),
            clicked=message or ("" if hidden else str(container.get("message_ts") or "")),
            hidden=hidden or bool(container.get("is_ephemeral")),
        )

    async def _show_answer(self, screen: SlackAdminReply, body: Mapping[str, Any], answer: Answer) -> None:
        try:
            if isinstance(answer, Form):
                about = {"channel": screen.place.channel, "thread": screen.place.thread}
                if not screen.hidden:
                    about["message"] = screen.clicked
                with translate_delivery_errors():
                    await self._client.views_open(trigger_id=body["trigger_id"], view=form_view(answer, about))
            elif answer:
                await screen.show_privately(answer, replace=screen.hidden and screen.uses > 0)
        except DeliveryError as error:
            log.warning("slack refused", cause=str(error))


async def _acknowledge_request(ack: AsyncAck) -> None:
    await ack()


def _parse_metadata(view: Mapping[str, Any]) -> dict[str, str]:
    """What a form was opened about; nothing of what is not ours."""
    try:
        about = json.loads(view.get("private_metadata") or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in about.items()} if isinstance(about, dict) else {}


def _turn_of(message: Mapping[str, Any]) -> str:
    """The turn that a message of the bot's answers, by its buttons."""
    for block in message.get("blocks") or ():
        if turn_id := choices.turn_of(block):
            return turn_id
        for element in block.get("elements") or ():
            values = [element.get("value"), (element.get("positive_button") or {}).get("value")]
            for value in values:
                if match := _TURN.match(str(value or "")):
                    return match[1] or match[2]
    return ""


def _read_user_name(body: Mapping[str, Any]) -> str:
    user = body["user"]
    return str(user.get("name") or user.get("username") or user["id"])
