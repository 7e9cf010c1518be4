"""chat.startStream, chat.appendStream, chat.stopStream.

Beyond the documentation, as measured by others: a stream keeps the form of its first content (`markdown_text` or
`chunks`, else `streaming_mode_mismatch`); about 5 minutes after its start, append and stop alike are answered with
`message_not_in_streaming_state`.
"""

from __future__ import annotations

import time
from typing import Any

from tests.support.slack.chat import publish, read_metadata, thread_root
from tests.support.slack.checks import MARKDOWN, check_message_blocks
from tests.support.slack.core import Core
from tests.support.slack.errors import Refused
from tests.support.slack.webapi import Args, method, own_message, reach
from tests.support.slack.workspace import Message, Stream, with_ids


@method("chat.startStream", "chat:write")
def start_stream(core: Core, args: Args) -> dict[str, Any]:
    """Begin a message in a thread. In a channel Slack wants to know who it is for."""
    args.need("channel")
    channel = reach(core, args.text("channel"), "write")
    if not (core.channel_streams and channel.kind in {"public", "private"}):
        args.need("thread_ts")
    if channel.kind != "im":
        for name in ("recipient_user_id", "recipient_team_id"):
            if not args.text(name):
                raise Refused(f"missing_{name}")
        recipient = args.text("recipient_user_id")
        if recipient not in channel.members or args.text("recipient_team_id") != core.workspace_of(recipient):
            raise Refused(
                "user_not_found"
            )  # a partner is looked for in their own workspace (tiger-agents-for-work#231)
    if args.text("task_display_mode") not in {"", "timeline", "plan"}:
        raise Refused("invalid_arguments", "[ERROR] task_display_mode")
    thread_ts = thread_root(channel, args.text("thread_ts"))
    message = Message(core.workspace.next_ts(), channel.id, core.bot_user, thread_ts=thread_ts)
    message.bot_id, message.app_id = core.bot_id, core.app_id
    message.stream = Stream(core.workspace.stream_limits, time.monotonic())
    _write(message, message.stream, args)
    publish(core, message, args)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.appendStream", "chat:write")
def append_stream(core: Core, args: Args) -> dict[str, Any]:
    """Write on."""
    message, stream = _streaming(core, args)
    if not args.text("markdown_text") and not args.data("chunks"):
        raise Refused("no_text")
    _write(message, stream, args)
    stream.appends += 1
    _record(core, message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "chat:write")
def stop_stream(core: Core, args: Args) -> dict[str, Any]:
    """Write the end, with blocks below it."""
    message, stream = _streaming(core, args)
    blocks = check_message_blocks(args.data("blocks", "invalid_blocks_format") or [])
    metadata = read_metadata(args)
    before = core.body(message)
    _write(message, stream, args)
    message.blocks += with_ids(blocks)
    message.metadata = metadata
    stream.stopped = True
    _record(core, message)
    core.announce_change(message, before)
    return {"channel": message.channel, "ts": message.ts, "message": core.body(message)}


def _streaming(core: Core, args: Args) -> tuple[Message, Stream]:
    message = own_message(core, args, "message_not_owned_by_app")
    if message.stream is None or not message.stream.open:
        raise Refused("message_not_in_streaming_state")
    return message, message.stream


def _write(message: Message, stream: Stream, args: Args) -> None:
    """Add the call's content, all of it or none."""
    text, chunks = args.text("markdown_text"), args.data("chunks", "invalid_chunks")
    if text and chunks:
        raise Refused("cannot_provide_both_markdown_text_and_chunks")
    if len(text) > MARKDOWN:
        raise Refused("msg_too_long")
    pieces: list[dict[str, Any]] = [{"type": "markdown_text", "text": text}] if text else _checked(chunks or [])
    mode = "markdown_text" if text else "chunks"
    if pieces and stream.mode not in {"", mode}:
        raise Refused("streaming_mode_mismatch")
    if pieces:
        stream.mode = mode
    for piece in pieces:
        if piece["type"] == "markdown_text":
            message.markdown += piece["text"]
        elif piece["type"] == "blocks":
            message.blocks += with_ids(piece["blocks"])
        message.chunks.append(piece)
    message.text = message.markdown


def _checked(chunks: object) -> list[dict[str, Any]]:
    if not isinstance(chunks, list):
        raise Refused("invalid_chunks")
    needed = {
        "markdown_text": {"text"},
        "task_update": {"id", "title", "status"},
        "plan_update": {"title"},
        "blocks": {"blocks"},
    }
    for chunk in chunks:
        if not isinstance(chunk, dict) or not needed.get(str(chunk.get("type")), {"a known type"}) <= chunk.keys():
            raise Refused("invalid_chunks")
        if chunk["type"] == "markdown_text" and len(chunk["text"]) > MARKDOWN:
            raise Refused("msg_too_long")
        if chunk["type"] == "blocks":
            check_message_blocks(chunk["blocks"])
    return chunks


def _record(core: Core, message: Message) -> None:
    """A stream only grows: its last state holds every mention and link, one split over two calls too."""
    for sent in reversed(core.workspace.outgoing):
        if (sent.channel, sent.ts) == (message.channel, message.ts):
            sent.text, sent.markdown, sent.blocks = message.text, message.markdown, message.blocks
            return
