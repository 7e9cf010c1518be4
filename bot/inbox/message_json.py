"""Messages and moves <-> the JSON in which the inbox keeps them.

While a new version takes over from the one before, both read and write the same rows. A message's keys are therefore
those it always had, for the version before takes no others; whatever else is known of it stands in `context`, strings
by name, each of which a version may not know: first our own, then the reply target's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.chat.conversation import OptionPress
from bot.chat.message import Audience, ChatMessage, MessageFile, Move, Party, ThreadRef
from bot.chat.reply_target import ReplyTarget
from bot.database.tables import ASKED_BY

_SET = "1"
_TEXTS = {
    "name": "author",
    "link": "link",
    "reply_to": "replies_to",
    "unseen": "unseen",
    "handoff": "handoff_id",
    "side": "side",
    ASKED_BY: "asked_by",
}  # what stands in `context` -> which field of the message that is
_FLAGS = {"first": "begins_thread", "help": "in_help_channel"}
_LINKS, _FILES, _HANDOFF_THREAD = "links", "files", "handoff_in"
OWN_KEYS = frozenset({*_TEXTS, *_FLAGS, _LINKS, _FILES, _HANDOFF_THREAD})
"""The names in `context` that no reply target may use."""


def encode_message(message: ChatMessage) -> dict[str, Any]:
    """A message as it is kept."""
    return {
        "place": asdict(message.place),
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
    files = json.loads(context.get(_FILES) or "[]")
    return ChatMessage(
        place=ThreadRef(**kept["place"]),
        id=kept["id"],
        user=kept["user"],
        text=kept["text"],
        audience=Audience(kept["audience"]),
        names_others=kept["names_others"],
        reply_target=_select_reply_target(context),
        chosen=OptionPress(**kept["chosen"]) if kept.get("chosen") else None,
        edited_at=kept.get("edited_at", 0.0),
        gesture=kept.get("gesture", ""),
        links=tuple(context.get(_LINKS, "").split()),
        files=tuple(MessageFile(file["name"], file["type"], file["size"], file["url"]) for file in files),
        handoff_thread=context.get(_HANDOFF_THREAD),
        **_decode_texts(context),
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
    texts = {key: getattr(message, field) or "" for key, field in _TEXTS.items()}
    flags = {key: _SET if getattr(message, field) else "" for key, field in _FLAGS.items()}
    links = {_LINKS: " ".join(message.links)}
    files = {_FILES: json.dumps([asdict(file) for file in message.files]) if message.files else ""}
    told = {key: str(text) for key, text in (texts | flags | links | files).items() if text}
    return told | ({} if message.handoff_thread is None else {_HANDOFF_THREAD: message.handoff_thread})


def _decode_texts(context: Mapping[str, str]) -> dict[str, Any]:
    texts = {field: context.get(key, "") for key, field in _TEXTS.items()}
    flags = {field: bool(context.get(key)) for key, field in _FLAGS.items()}
    return {**texts, **flags, "side": Party(texts["side"]) if texts["side"] else None}


def _select_reply_target(context: Mapping[str, str]) -> ReplyTarget:
    return {name: text for name, text in context.items() if name not in OWN_KEYS and text}
