"""Blocks, and the call that must be refused, for the stand-in's own tests."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ContextActionsBlock, FeedbackButtonsElement

VOTES = ContextActionsBlock(
    elements=[
        FeedbackButtonsElement(
            action_id="vote",
            positive_button={"text": {"type": "plain_text", "text": "Good"}, "value": "up"},
            negative_button={"text": {"type": "plain_text", "text": "Bad"}, "value": "down"},
        )
    ]
)
MODAL = {
    "type": "modal",
    "callback_id": "why",
    "title": {"type": "plain_text", "text": "What was wrong?"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
        }
    ],
}


def section(text: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "a"}, "action_id": "a", **more}


async def refused(call: Awaitable[Any]) -> str:
    """The error that the SDK raises for this call."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])
