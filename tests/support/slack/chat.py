"""chat.*, without the streams.

chat.postMessage above about one message a second and channel is let through, as Slack lets short bursts through; a test
that wants the limit orders it with `rate_limit()`.
"""

from __future__ import annotations

import re
from typing import Any

from tests.support.slack.checks import MARKDOWN, TEXT, check_message_blocks
from tests.support.slack.core import Core
from tests.support.slack.errors import Refused
from tests.support.slack.webapi import Args, method, own_message, reach
from tests.support.slack.workspace import Channel, Message, with_ids

# chat.update alone: "the text field cannot exceed 4,000 characters". What is counted are the bytes of the escaped text
# (gitlab-org/gitlab!258898), and the fallback text beside blocks counts too.
UPDATE_TEXT = 4_000
_BARE = re.compile(r"&(?!(?:amp|lt|gt);)")


@method("chat.postMessage", "chat:write")
def post_message(core: Core, args: Args) -> dict[str, Any]:
    """Post a message, in a thread perhaps."""
    args.need("channel")
    channel = reach(core, args.text("channel"), "write")
    content = read_content(args)
    thread_ts = thread_root(channel, args.text("thread_ts"))
    message = Message(core.workspace.next_ts(), channel.id, core.bot_user, thread_ts=thread_ts, **content)
    message.bot_id, message.app_id = core.bot_id, core.app_id
    if thread_ts and args.flag("reply_broadcast"):
        message.subtype = "thread_broadcast"
    publish(core, message, args)
    return {"channel": channel.id, "ts": message.ts, "message": core.body(message)}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(core: Core, args: Args) -> dict[str, Any]:
    """Post what one person sees, until they reload."""
    _, user = args.need("channel", "user")
    channel = reach(core, args.text("channel"), "write")
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    content = read_content(args)
    ts = core.workspace.next_ts()
    message = Message(ts, channel.id, core.bot_user, thread_ts=args.text("thread_ts"), ephemeral_to=user, **content)
    message.bot_id, message.app_id = core.bot_id, core.app_id
    core.workspace.put(message)
    core.record(message)
    return {"message_ts": ts}


@method("chat.update", "chat:write")
def update(core: Core, args: Args) -> dict[str, Any]:
    """Rewrite a message of the app's own. Text without blocks takes the old blocks away; blocks alone keep no text.

    An open stream refuses it (`streaming_state_conflict`); one that has ended is a message like any other.
    """
    message = own_message(core, args, "cant_update_message")
    if message.streaming:
        raise Refused("streaming_state_conflict")
    if len(_BARE.sub("&amp;", args.text("text")).encode()) > UPDATE_TEXT:
        raise Refused("msg_too_long")
    content = read_content(args)
    before = core.body(message)
    if content["text"] or content["blocks"]:
        message.text, message.markdown = content["text"], content["markdown"]
        message.blocks = with_ids(content["blocks"])
    if "attachments" in args:
        message.attachments = content["attachments"]
    message.metadata = content["metadata"] or message.metadata
    if not content["blocks"]:
        message.edited = {"user": core.bot_user, "ts": core.workspace.next_ts()}
    core.record(message, names_linked=_names_linked(args))
    core.announce_change(message, before)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": core.body(message)}


@method("chat.delete", "chat:write")
def delete(core: Core, args: Args) -> dict[str, Any]:
    """Take back a message of the app's own."""
    message = own_message(core, args, "cant_delete_message")
    if message.streaming:
        raise Refused("cant_delete_message")
    core.delete_message(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink")
def get_permalink(core: Core, args: Args) -> dict[str, Any]:
    """The address of a message."""
    channel_id, ts = args.need("channel", "message_ts")
    message = reach(core, channel_id, member=False).messages.get(ts)
    if message is None:
        raise Refused("message_not_found")
    link = f"https://{core.domain}.slack.com/archives/{channel_id}/p{ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel_id}"
    return {"channel": channel_id, "permalink": link}


def read_content(args: Args) -> dict[str, Any]:
    """Text, blocks, Markdown, attachments and metadata of a message, checked."""
    text, markdown = args.text("text"), args.text("markdown_text")
    blocks = args.data("blocks", "invalid_blocks_format") or []
    attachments = args.data("attachments") or []
    if markdown and (text or blocks):
        raise Refused("markdown_text_conflict")
    if len(text) > TEXT or len(markdown) > MARKDOWN:
        raise Refused("msg_too_long")
    if not (text.strip() or markdown.strip() or blocks or attachments):
        raise Refused("no_text")
    return {
        "text": text or markdown,
        "markdown": markdown,
        "blocks": check_message_blocks(blocks),
        "attachments": attachments,
        "metadata": read_metadata(args),
    }


def read_metadata(args: Args) -> dict[str, Any] | None:
    """`metadata`, which names its type and carries an object."""
    metadata = args.data("metadata", "metadata_invalid_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("metadata_invalid_format")
    return metadata


def thread_root(channel: Channel, thread_ts: str) -> str:
    """Check that a thread can stand below this message; '' for no thread."""
    if not thread_ts:
        return ""
    root = channel.messages.get(thread_ts)
    if root is None or root.ephemeral_to:
        raise Refused("thread_not_found")
    if root.is_reply:
        raise Refused("cannot_reply_to_message")
    return thread_ts


def publish(core: Core, message: Message, args: Args) -> None:
    """Put a message of the app's own into its channel; that ends the thread's status."""
    core.workspace.put(message)
    core.record(message, names_linked=_names_linked(args))
    core.workspace.statuses.pop((message.channel, message.thread_ts), None)
    core.announce(message)


def _names_linked(args: Args) -> bool:
    return args.text("parse") == "full" or args.flag("link_names")
