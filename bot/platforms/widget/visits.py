"""Who visits, and what they send. A browser draws a secret of 256 bits and keeps it; here only its hash is known."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.chat.message import Audience, ChatMessage, ThreadRef
from bot.chat.people import Actor

NAME = "widget"
VISITOR = re.compile(r"v[0-9a-f]{40}")
LONGEST_TEXT = 4_000  # characters
LONGEST_BODY = 32_000  # bytes
_SECRET = re.compile(r"Bearer ([A-Za-z0-9_-]{43})")  # 32 bytes in base64url
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TURN_ID = re.compile(r"[0-9a-f]{32}")


class BadRequest(Exception):
    """What was sent is not what the widget sends."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor, by the hash of their secret."""

    visitor: str

    @property
    def place(self) -> ThreadRef:
        """Their one conversation."""
        return ThreadRef(NAME, "", self.visitor, "")

    def make_actor(self, language: str) -> Actor:
        """The visitor, as commands know them."""
        return Actor(NAME, "", self.visitor, describe_visitor(self.visitor), language=language)


def describe_visitor(visitor: str) -> str:
    """What the team reads as a visitor's name."""
    return f"Visitor {visitor[1:6]}"


def read_visit(authorization: str) -> Visit:
    """Whose secret a request bears. Raises BadRequest."""
    match = _SECRET.fullmatch(authorization)
    if match is None:
        raise BadRequest("no secret of a visit")
    return Visit(f"v{hashlib.sha256(match[1].encode()).hexdigest()[:40]}")


def read_body(body: bytes) -> Mapping[str, Any]:
    """A JSON object. Raises BadRequest."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise BadRequest("no JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("no JSON object")
    return value


def read_message(visit: Visit, body: Mapping[str, Any]) -> ChatMessage:
    """What a visitor wrote. Raises BadRequest."""
    text, message_id = body.get("text"), body.get("id")
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_TEXT:
        raise BadRequest(f"a text of 1 to {LONGEST_TEXT} characters is needed")
    if not isinstance(message_id, str) or not _MESSAGE_ID.fullmatch(message_id):
        raise BadRequest("an id of 16 to 64 letters and digits is needed")
    author = describe_visitor(visit.visitor)
    return ChatMessage(visit.place, message_id, visit.visitor, text.strip(), Audience.DIRECT, author=author)


def read_turn_id(body: Mapping[str, Any]) -> str:
    """Which answer is meant. Raises BadRequest."""
    turn_id = body.get("turn")
    if not isinstance(turn_id, str) or not _TURN_ID.fullmatch(turn_id):
        raise BadRequest("the id of an answer is needed")
    return turn_id


def read_language(body: Mapping[str, Any]) -> str:
    """What the visitor reads the page in."""
    language = body.get("language")
    return language if isinstance(language, str) and re.fullmatch(r"[A-Za-z-]{2,20}", language) else "en"
