"""Commands, clicks and forms: what the app must answer within 3 seconds, in front of the person."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.support.slack.checks import check_view
from tests.support.slack.core import ORGANISATION
from tests.support.slack.delivery import COMMANDS, INTERACTIVE, Delivery
from tests.support.slack.errors import AppFailure, CannotDo, Refused
from tests.support.slack.people import People, interaction_user
from tests.support.slack.responses import ResponseUrls
from tests.support.slack.states import action_of, state_of
from tests.support.slack.surfaces import store_view
from tests.support.slack.workspace import Channel


class Interactions(People):
    """People using the app. Each of these awaits the app's acknowledgement and returns its payload ({} for a bare one).

    AppFailure is raised where Slack would tell the person that the app did not answer.
    """

    def __init__(self, bot_token: str, app_token: str, signing_secret: str) -> None:
        super().__init__(bot_token, app_token, signing_secret)
        self.responses = ResponseUrls(self)

    async def command(self, command: str, user: str, channel: str, text: str = "") -> dict[str, Any]:
        """A slash command; `ack("text")` shows its answer to the person."""
        place = self._inside(channel, user)
        names = {"im": "directmessage", "private": "privategroup", "mpim": f"mpdm-{place.name}"}
        response_url = self.responses.new(channel, user)
        payload = {
            "token": "verification-token",
            "team_id": self.workspace_of(user),
            "team_domain": self.domain,
            "channel_id": channel,
            "channel_name": names.get(place.kind, place.name),
            "user_id": user,
            "user_name": self.workspace.users[user].name,
            "command": command,
            "text": text,
            "api_app_id": self.app_id,
            "is_enterprise_install": "true" if self.org_wide else "false",
            "response_url": response_url,
            "trigger_id": self.new_trigger(user),
        }
        answer = await self._ask(COMMANDS, payload)
        if answer:
            self._apply(response_url, answer)
        return answer

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, value: str | None = None, *, block_id: str = ""
    ) -> dict[str, Any]:
        """Use a button, a vote or a menu of a message; `value` picks the vote or the option."""
        message = self._seen(channel, ts, user)
        place = self.workspace.channel(channel)
        action = action_of(message.all_blocks, action_id, value, block_id)
        container: dict[str, Any] = {"type": "message", "message_ts": ts, "channel_id": channel}
        container["is_ephemeral"] = bool(message.ephemeral_to)
        if message.is_reply:
            container["thread_ts"] = message.thread_ts
        payload = self._interaction("block_actions", user) | {
            "container": container,
            "channel": {"id": channel, "name": _shown_name(place)},
            "message": self.body(message),
            "state": {"values": {}},
            "response_url": self.responses.new(channel, user, ts),
            "actions": [action | {"action_ts": self.workspace.next_ts()}],
        }
        return await self._ask(INTERACTIVE, payload)

    async def click_view(
        self, user: str, view: Mapping[str, Any] | str, action_id: str, value: str | None = None
    ) -> dict[str, Any]:
        """Use a button of a modal that is open, or of one's Home tab."""
        stored = self._view(user, view)
        payload = self._interaction("block_actions", user) | {
            "container": {"type": "view", "view_id": stored["id"]},
            "view": stored,
            "actions": [action_of(stored["blocks"], action_id, value) | {"action_ts": self.workspace.next_ts()}],
        }
        return await self._ask(INTERACTIVE, payload)

    async def submit_view(
        self, user: str, view: Mapping[str, Any] | str, values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Fill in a modal and send it. `values` are by action_id or block_id: text, or an option's value, or a list.

        The client refuses what the modal does not allow (CannotDo). The answer's `response_action` is carried out.
        """
        stored = self._view(user, view)
        state = {"values": state_of(stored["blocks"], values or {})}
        payload = self._interaction("view_submission", user) | {"view": stored | {"state": state}, "response_urls": []}
        answer = await self._ask(INTERACTIVE, payload)
        self._respond_view(user, stored, answer)
        return answer

    async def shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> dict[str, Any]:
        """Use a message shortcut of the app's, from a message's own menu."""
        message = self._seen(channel, ts, user)
        payload = self._interaction("message_action", user) | {
            "callback_id": callback_id,
            "channel": {"id": channel, "name": _shown_name(self.workspace.channel(channel))},
            "message": self.body(message),
            "message_ts": ts,
            "response_url": self.responses.new(channel, user),
        }
        return await self._ask(INTERACTIVE, payload)

    async def close_view(self, user: str, view: Mapping[str, Any] | str) -> dict[str, Any]:
        """Cancel a modal: the app hears of it where the modal says `notify_on_close`."""
        stored = self._view(user, view)
        self.workspace.modals[user].remove(stored["id"])
        if not stored["notify_on_close"]:
            return {}
        return await self._ask(
            INTERACTIVE, self._interaction("view_closed", user) | {"view": stored, "is_cleared": False}
        )

    def modal(self, user: str) -> dict[str, Any]:
        """The modal that a person has before them."""
        if not self.workspace.modals.get(user):
            raise CannotDo(f"{user} has no modal open")
        return self.workspace.views[self.workspace.modals[user][-1]]

    async def _ask(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.outbox.send(Delivery(kind, payload, answer))
        result = await answer
        if not isinstance(result, dict):
            raise AppFailure("invalid_response", repr(result))
        return result

    def _interaction(self, kind: str, user: str) -> dict[str, Any]:
        """It names the workspace of whoever acts; none where a whole organisation has installed the app."""
        organisation = {"id": ORGANISATION, "name": "org"}
        return {
            "type": kind,
            "user": interaction_user(self.workspace.users[user], self.team),
            "api_app_id": self.app_id,
            "token": "verification-token",
            "team": None if self.org_wide else {"id": self.workspace_of(user), "domain": self.domain},
            "enterprise": organisation if self.org_wide else None,
            "is_enterprise_install": self.org_wide,
            "trigger_id": self.new_trigger(user),
        }

    def _apply(self, response_url: str, answer: dict[str, Any]) -> None:
        try:
            self.responses.apply(self.responses.find(response_url), answer)
        except Refused as refused:
            raise AppFailure("invalid_response", str(refused)) from None

    def _respond_view(self, user: str, stored: dict[str, Any], answer: dict[str, Any]) -> None:
        action = answer.get("response_action")
        stack = self.workspace.modals[user]
        try:
            if action is None:
                stack.remove(stored["id"])
            elif action == "clear":
                stack.clear()
            elif action == "errors":
                inputs = {block["block_id"] for block in stored["blocks"] if block["type"] == "input"}
                if not answer.get("errors") or not answer["errors"].keys() <= inputs:
                    raise AppFailure("invalid_response", f"errors must name inputs of the modal: {answer}")
            elif action == "update":
                stored |= check_view(answer.get("view"), {"modal"})
            elif action == "push" and len(stack) < 3:
                stack.append(store_view(self, user, check_view(answer.get("view"), {"modal"}))["id"])
            else:
                raise AppFailure("invalid_response", f"response_action {action}")
        except Refused as refused:
            raise AppFailure("invalid_response", str(refused)) from None

    def _view(self, user: str, view: Mapping[str, Any] | str) -> dict[str, Any]:
        view_id = view if isinstance(view, str) else str(view["id"])
        home = self.workspace.homes.get(user)
        if view_id not in self.workspace.modals.get(user, []) and (home is None or home["id"] != view_id):
            raise CannotDo(f"{user} does not see view {view_id}")
        return self.workspace.views[view_id]


def _shown_name(channel: Channel) -> str:
    return {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name)
