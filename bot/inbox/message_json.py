"""Messages and moves <-> the JSON in which the inbox keeps them.

While a new version takes over from the one before, both read and write the same rows. A message's keys are therefore
those it always had, for the version before takes no others; whatever else is known of it stands in `context`, as
strings by name, beside its reply target: there, each passes over what it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from bot.chat.conversation import OptionPress
from bot.chat.message import Audience, ChatMessage, MessageFile, Move, Party, ThreadRef
from bot.chat.reply_target import ReplyTarget
from bot.database.tables import ASKED_BY

_SET = "1"
_PLACE = tuple(field.name for field in fields(ThreadRef))
OWN_KEYS = frozenset(
    {
        *("name", "link", "links", "files", "reply_to", "first", "unseen", "handoff_in"),
        *("help", "handoff", "side", "conversation", "named", "groups", "guest", "language", ASKED_BY),
    }
)
"""The names in `context` that stand for fields of a message: no reply target may use them."""


def encode_message(message: ChatMessage) -> dict[str, Any]:
    """A message as it is kept."""
    return {
        "place": {name: getattr(message.place, name) for name in _PLACE},
        "id": message.id,
        "user": message.user,
        "text": message.text,
        "audience": message.audience.value,
        "names_others": message.names_others,
        "context": {**message.reply_target, **_encode_own(message)},
        "chosen": asdict(message.chosen) if message.chosen else None,
        "edited_at": message.edited_at,
        "gesture": message.gesture,
    }


def decode_message(kept: Mapping[str, Any]) -> ChatMessage:
    """What was kept, by this version or the one before."""
    context: Mapping[str, str] = kept["context"]
    files = json.loads(context.get("files") or "[]")
    return ChatMessage(
        place=ThreadRef(**kept["place"]),
        id=kept["id"],
        user=kept["user"],
        text=kept["text"],
        audience=Audience(kept["audience"]),
        names_others=kept["names_others"],
        names_bot=bool(context.get("named")),
        reply_target=_select_reply_target(context),
        chosen=OptionPress(**kept["chosen"]) if kept.get("chosen") else None,
        edited_at=kept.get("edited_at", 0.0),
        gesture=kept.get("gesture", ""),
        author=context.get("name", ""),
        link=context.get("link", ""),
        links=tuple(context.get("links", "").split()),
        files=tuple(MessageFile(file["name"], file["type"], file["size"], file["url"]) for file in files),
        replies_to=context.get("reply_to", ""),
        begins_thread=bool(context.get("first")),
        unseen=context.get("unseen", ""),
        handoff_thread=context.get("handoff_in"),
        in_help_channel=bool(context.get("help")),
        handoff_id=context.get("handoff", ""),
        side=Party(context["side"]) if context.get("side") else None,
        asked_by=context.get(ASKED_BY, ""),
        conversation_id=context.get("conversation", ""),
        is_guest=bool(context.get("guest")),
        language=context.get("language", ""),
        groups=frozenset(context.get("groups", "").split()),
    )


def encode_move(move: Move, asked: ReplyTarget) -> dict[str, Any]:
    """Where a message whose own reply target is `asked` is answered instead. Of the target that holds there the
    difference is kept, as "" what does not hold."""
    there = move.reply_target
    gained = {name: text for name, text in there.items() if asked.get(name) != text}
    lost = {name: "" for name in asked if name not in there}
    return {
        "place": asdict(move.place),
        "audience": move.audience.value,
        "context": lost | gained,
        "left": [dict(reply) for reply in move.left],
    }


def decode_move(kept: Mapping[str, Any], asked: ReplyTarget) -> Move:
    """What was kept of a message whose own reply target is `asked`."""
    there = _select_reply_target({**asked, **kept["context"]})
    return Move(ThreadRef(**kept["place"]), Audience(kept["audience"]), there, tuple(kept["left"]))


def _encode_own(message: ChatMessage) -> dict[str, str]:
    told = {
        "name": message.author,
        "link": message.link,
        "links": " ".join(message.links),
        "files": json.dumps([asdict(file) for file in message.files]) if message.files else "",
        "reply_to": message.replies_to,
        "first": _SET if message.begins_thread else "",
        "unseen": message.unseen,
        "help": _SET if message.in_help_channel else "",
        "handoff": message.handoff_id,
        "side": message.side.value if message.side else "",
        ASKED_BY: message.asked_by,
        "conversation": message.conversation_id,
        "named": _SET if message.names_bot else "",
        "guest": _SET if message.is_guest else "",
        "language": message.language,
        "groups": " ".join(sorted(message.groups)),
    }
    handoff_thread = {} if message.handoff_thread is None else {"handoff_in": message.handoff_thread}
    return {name: text for name, text in told.items() if text} | handoff_thread


def _select_reply_target(context: Mapping[str, str]) -> ReplyTarget:
    return {name: text for name, text in context.items() if name not in OWN_KEYS and text}
