"""What people do in the workspace, and the events that it sends the app."""

from __future__ import annotations

import uuid
from typing import Any

from tests.support.slack.core import Core
from tests.support.slack.errors import CannotDo
from tests.support.slack.files import File
from tests.support.slack.typed import encoded, rich_text
from tests.support.slack.workspace import Channel, Message, User, new_id


class People(Core):
    """Members of the workspace writing, reacting and opening things."""

    def __init__(self, bot_token: str, app_token: str, signing_secret: str) -> None:
        super().__init__(bot_token, app_token, signing_secret)
        self._mentions = 0

    def add_user(self, user: str, name: str = "", **more: Any) -> User:
        """A new member."""
        self.workspace.users[user] = User(user, name or user.lower(), **more)
        return self.workspace.users[user]

    def add_channel(
        self,
        channel: str,
        members: list[str] | None = None,
        kind: str = "public",
        *,
        name: str = "",
        bot: bool = True,
        partner: str = "",
    ) -> Channel:
        """A new channel, with the app in it unless `bot=False`. Members that are not users yet become users. `partner`:
        it is shared with that workspace."""
        for user in members or []:
            if user not in self.workspace.users:
                self.add_user(user)
        inside = [*(members or []), *([self.bot_user] if bot else [])]
        self.workspace.channels[channel] = Channel(channel, name or channel.lower(), kind, inside, partner=partner)
        return self.workspace.channels[channel]

    def dm(self, user: str) -> str:
        """The id of a person's private conversation with the app."""
        return self.workspace.direct(user).id

    async def say(
        self,
        channel: str,
        user: str,
        text: str,
        thread_ts: str | None = None,
        mention: bool = False,
        *,
        subtype: str = "",
        bot_id: str = "",
        files: list[dict[str, Any]] | None = None,
        broadcast: bool = False,
    ) -> str:
        """A person types this; `mention` puts the app's name before it. The message's ts.

        With `bot_id` it is another app that speaks. Typed `<`, `>`, `&` and addresses arrive as Slack encodes them;
        whole tokens (`<@U1>`, `<#C1|help>`) stay.
        """
        place = self._inside(channel, user)
        if mention:
            text = f"<@{self.bot_user}> {text}"
        if thread_ts and (thread_ts not in place.messages or place.messages[thread_ts].is_reply):
            raise CannotDo(f"there is no thread {thread_ts} in {channel}")
        message = Message(self.workspace.next_ts(), channel, user, encoded(text), thread_ts or "")
        message.blocks = rich_text(message.text)
        message.subtype = "thread_broadcast" if broadcast else "file_share" if files else subtype
        if bot_id:
            message.bot_id, message.app_id = bot_id, f"A{bot_id[1:]}"
        else:
            message.extra["client_msg_id"] = str(uuid.uuid4())
        if files:
            message.extra["files"] = files
        self.workspace.put(message)
        self._tell(message)
        return message.ts

    async def forward(
        self, channel: str, user: str, original: Message, comment: str = "", *, mention: bool = False
    ) -> str:
        """A person forwards a message to a channel, with a comment perhaps. The new message's ts."""
        self._inside(channel, user)
        text = encoded(f"<@{self.bot_user}> {comment}".strip() if mention else comment)
        message = Message(self.workspace.next_ts(), channel, user, text, blocks=rich_text(text) if text else [])
        message.attachments = [self._shared(original) | {"is_share": True}]
        self.workspace.put(message)
        self._tell(message)
        return message.ts

    async def preview(self, channel: str, ts: str, original: Message) -> None:
        """Slack adds the preview of a message whose address stands in this one."""
        message = self.workspace.message(channel, ts)
        before = self.body(message)
        message.attachments = [*message.attachments, self._shared(original)]
        self.announce_change(message, before)

    def address(self, message: Message) -> str:
        """A message's address, as "Copy link" gives it."""
        link = f"https://{self.domain}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
        return f"{link}?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else link

    def attach(self, name: str, content: bytes, kind: str) -> dict[str, Any]:
        """A file as a message carries it."""
        file_id = new_id("F")
        self.workspace.files[file_id] = File(name, len(content), content, kind=kind)
        url = f"{self.base_url}/files-pri/{file_id}/{name}"
        told = {"id": file_id, "name": name, "title": name, "mimetype": kind, "size": len(content), "mode": "hosted"}
        return told | {"url_private": url, "url_private_download": url}

    def _shared(self, original: Message) -> dict[str, Any]:
        inner = {"team": self.team, "channel": original.channel, "ts": original.ts}
        return {
            "id": 1,
            "ts": original.ts,
            "channel_id": original.channel,
            "channel_team": self.team,
            "author_id": original.user,
            "author_name": original.user.lower(),
            "is_msg_unfurl": True,
            "text": original.text,
            "fallback": f"[1 January] {original.user}: {original.text}",
            "from_url": self.address(original),
            "footer": "Posted in another channel",
            "message_blocks": [inner | {"message": {"blocks": original.blocks}}] if original.blocks else [],
            "mrkdwn_in": ["text"],
        }

    async def edit(self, channel: str, ts: str, text: str) -> None:
        """The author changes the text. A mention that is new in it arrives as `app_mention` too."""
        message = self.workspace.message(channel, ts)
        if message.bot_id == self.bot_id:
            raise CannotDo("people cannot edit the app's messages")
        before = self.body(message)
        message.text = encoded(text)
        message.blocks = rich_text(message.text)
        message.edited = {"user": message.user, "ts": self.workspace.next_ts()}
        self.announce_change(message, before)
        if self._names_app(message.text) and not self._names_app(before["text"]):
            self._tell_mention(message)

    async def unfurl(self, channel: str, ts: str) -> None:
        """Slack adds a link's preview: `message_changed` with the same text, as after nearly every pasted address."""
        message = self.workspace.message(channel, ts)
        before = self.body(message)
        message.attachments = [*message.attachments, {"from_url": "https://example.com/", "title": "Example"}]
        self.announce_change(message, before)

    async def delete(self, channel: str, ts: str) -> None:
        """The message goes; with replies below it, a tombstone stays (`message_changed`, not `message_deleted`)."""
        self.delete_message(self.workspace.message(channel, ts))

    async def react(self, channel: str, ts: str, user: str, name: str) -> None:
        """Add a reaction."""
        message = self._seen(channel, ts, user)
        users = message.reactions.setdefault(name, [])
        if user in users:
            raise CannotDo(f"{user} has reacted with :{name}: already")
        users.append(user)
        self._tell_reaction("reaction_added", message, user, name)

    async def unreact(self, channel: str, ts: str, user: str, name: str) -> None:
        """Take a reaction back."""
        message = self._seen(channel, ts, user)
        if user not in message.reactions.get(name, []):
            raise CannotDo(f"{user} has not reacted with :{name}:")
        message.reactions[name].remove(user)
        if not message.reactions[name]:
            del message.reactions[name]
        self._tell_reaction("reaction_removed", message, user, name)

    async def join(self, channel: str, user: str) -> None:
        """Somebody, or the app itself, enters a channel: `member_joined_channel`, and a message that says so."""
        place = self.workspace.channel(channel)
        if user in place.members:
            raise CannotDo(f"{user} is in {channel} already")
        place.members.append(user)
        event = {"type": "member_joined_channel", "user": user, "channel": channel, "team": self.team}
        self.emit(event | {"channel_type": "C", "event_ts": self.workspace.next_ts()}, place)
        text = f"<@{user}> has joined the channel"
        message = Message(self.workspace.next_ts(), channel, user, text, subtype="channel_join")
        self.announce(self.workspace.put(message))

    async def stop_agent(self, user: str, channel: str, thread_ts: str) -> None:
        """Press the native Stop button of an agent that is at work in a thread. Slack ends its streams, no more."""
        if self.workspace.sessions.get((channel, thread_ts)) != "processing":
            raise CannotDo(f"no agent is at work in {thread_ts}")
        place = self.workspace.channel(channel)
        streams = [message for message in place.replies(thread_ts) if message.streaming and message.stream]
        for message in streams:
            if message.stream:
                message.stream.stopped = True
        event = {"type": "agent_session_stopped", "channel": channel, "thread_ts": thread_ts, "user": user}
        event |= {"streaming_message_ts": [message.ts for message in streams], "event_ts": self.workspace.next_ts()}
        self.emit(event, place)

    async def open_home(self, user: str, tab: str = "home") -> str:
        """Open the app's Home or Messages tab (with an agent view, `messages` is where agents greet). The channel."""
        channel = self.workspace.direct(user)
        event: dict[str, Any] = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab}
        if tab == "home" and user in self.workspace.homes:
            event["view"] = self.workspace.homes[user]
        self.emit(event | {"event_ts": self.workspace.next_ts()}, channel)
        return channel.id

    async def open_assistant(self, user: str, context_channel: str = "") -> tuple[str, str]:
        """Start a thread in the older assistant view: `assistant_thread_started`. Its channel and thread."""
        channel = self.workspace.direct(user)
        root = Message(self.workspace.next_ts(), channel.id, self.bot_user, "New Assistant Thread")
        root.thread_ts, root.subtype = root.ts, "assistant_app_thread"
        root.bot_id, root.app_id = self.bot_id, self.app_id
        self.workspace.put(root)
        context = {"channel_id": context_channel, "team_id": self.team, "enterprise_id": None}
        thread: dict[str, Any] = {"user_id": user, "channel_id": channel.id, "thread_ts": root.ts}
        thread["context"] = context if context_channel else {}
        event = {"type": "assistant_thread_started", "assistant_thread": thread, "event_ts": self.workspace.next_ts()}
        self.emit(event, channel)
        return channel.id, root.ts

    def _inside(self, channel: str, user: str) -> Channel:
        place = self.workspace.channel(channel)
        if user not in place.members:
            raise CannotDo(f"{user} is not in {channel}")
        return place

    def _seen(self, channel: str, ts: str, user: str) -> Message:
        """A message that this person has before them."""
        self._inside(channel, user)
        message = self.workspace.message(channel, ts)
        if message.ephemeral_to not in {"", user}:
            raise CannotDo(f"only {message.ephemeral_to} sees {ts}")
        return message

    def _names_app(self, text: str) -> bool:
        return f"<@{self.bot_user}>" in text or f"<@{self.bot_user}|" in text

    def _tell(self, message: Message) -> None:
        """`message`, and `app_mention` where the app is named outside of a private conversation.

        Slack promises no order between the two, so it changes from one mention to the next.
        """
        if not self._names_app(message.text) or self.workspace.channel(message.channel).kind == "im":
            self.announce(message)
            return
        self._mentions += 1
        tell = [self.announce, self._tell_mention]
        for one in tell if self._mentions % 2 else reversed(tell):
            one(message)

    def _tell_mention(self, message: Message) -> str:
        channel = self.workspace.channel(message.channel)
        if channel.kind == "im":
            return ""
        event = self.body(message) | {"type": "app_mention", "channel": channel.id, "event_ts": message.ts}
        return self.emit(event, channel)

    def _tell_reaction(self, kind: str, message: Message, user: str, name: str) -> None:
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        event = {"type": kind, "user": user, "reaction": name, "item": item, "item_user": message.user}
        event["event_ts"] = self.workspace.next_ts()
        self.emit(event, self.workspace.channel(message.channel))


def interaction_user(user: User, team: str) -> dict[str, str]:
    """The `user` of an interaction."""
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team or team}
