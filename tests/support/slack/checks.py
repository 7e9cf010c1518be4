"""Block Kit's limits: what Slack refuses in the blocks of a message, a modal or a Home tab.

Undocumented but measured by others: the texts of a message's blocks together may hold about 13,200 characters
(slackapi/bolt-js#2509), and unknown properties are refused ("invalid additional property").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from tests.support.slack.errors import Refused

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN = 12_000
BLOCKS_TOTAL = 13_200
TEXT = 40_000

_OPTIONS = frozenset({"static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"})
_PICKERS = (
    "external_select users_select conversations_select channels_select multi_external_select multi_users_select "
    "multi_conversations_select multi_channels_select datepicker timepicker datetimepicker"
)
_CHOICES = _OPTIONS.union(_PICKERS.split())
_FIELDS = frozenset(
    {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input"}
)
_ACTIONS = _CHOICES | {"button", "workflow_button"}
_INPUTS = (_CHOICES | _FIELDS) - {"overflow"}
_BUTTON = {"type", "action_id", "text", "url", "value", "style", "confirm", "accessibility_label", "agent_prompt"}
_OPTION_LIMITS = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}

_PROPERTIES = {
    "section": "text fields accessory expand",
    "divider": "",
    "header": "text",
    "markdown": "text",
    "image": "alt_text image_url title slack_file",
    "context": "elements",
    "actions": "elements",
    "context_actions": "elements",
    "input": "label hint element optional dispatch_action",
    "table": "rows column_settings",
}
# Known to Slack, but nothing looks inside them here.
_OPAQUE = frozenset({"rich_text", "file", "video", "plan", "task_card", "card", "alert", "container", "carousel"})
# https://docs.slack.dev/reference/block-kit/blocks: these are for messages alone.
_MESSAGES_ONLY = _OPAQUE - {"rich_text", "video"} | {"markdown", "table", "context_actions"}


def check_message_blocks(blocks: object) -> list[dict[str, Any]]:
    """The blocks of a message, or Refused."""
    checked = _check(blocks, MESSAGE_BLOCKS, "message")
    if sum(len(block["text"]) for block in checked if block["type"] == "markdown") > MARKDOWN:
        raise Refused("msg_blocks_too_long", f"[ERROR] markdown blocks hold more than {MARKDOWN} characters")
    if sum(map(len, texts_of(checked))) > BLOCKS_TOTAL:
        raise Refused("msg_blocks_too_long")
    if sum(block["type"] == "table" for block in checked) > 1:
        _no("only_one_table_allowed", "/blocks", "invalid_attachments")
    return checked


def check_view(view: object, kinds: Iterable[str]) -> dict[str, Any]:
    """A modal or Home tab, or Refused with `invalid_arguments`."""
    if not isinstance(view, Mapping):
        raise Refused("invalid_arguments", "[ERROR] missing required field: view")
    try:
        return _view(view, set(kinds))
    except Refused as refused:
        raise Refused("invalid_arguments", *refused.messages) from None


def texts_of(value: object) -> list[str]:
    """Every string under a `text` key, however deep: what a reader sees of blocks."""
    if isinstance(value, Mapping):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for item in value.values() for text in texts_of(item)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [text for item in value for text in texts_of(item)]
    return []


def _view(view: Mapping[str, Any], kinds: set[str]) -> dict[str, Any]:
    kind = view.get("type")
    if kind not in kinds:
        _no(f"must be one of {sorted(kinds)}", "/view/type")
    own = (
        {"title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"}
        if kind == "modal"
        else set()
    )
    _only(view, own | {"type", "blocks", "private_metadata", "callback_id", "external_id"}, "/view")
    if kind == "modal":
        _text(view.get("title"), 24, "/view/title", plain=True)
        for name in ("submit", "close"):
            if name in view:
                _text(view[name], 24, f"/view/{name}", plain=True)
    for name, limit in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        _string(view.get(name, ""), limit, f"/view/{name}", least=0)
    blocks = _check(view.get("blocks"), VIEW_BLOCKS, str(kind))
    if kind == "modal" and "submit" not in view and any(block["type"] == "input" for block in blocks):
        _no("missing required field: submit", "/view")
    return {**view, "blocks": blocks}


def _check(blocks: object, limit: int, surface: str) -> list[dict[str, Any]]:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    if len(blocks) > limit:
        _no(f"no more than {limit} items allowed", "/blocks")
    ids: set[str] = set()
    for number, block in enumerate(blocks):
        at = f"/blocks/{number}"
        _block(block, surface, at)
        if "block_id" in block:
            _string(block["block_id"], 255, f"{at}/block_id")
            if block["block_id"] in ids:
                _no(f"`block_id` {block['block_id']} already exists", at)
            ids.add(block["block_id"])
    return blocks


def _block(block: dict[str, Any], surface: str, at: str) -> None:
    kind = block.get("type")
    misplaced = kind in _MESSAGES_ONLY and surface != "message"
    if misplaced or (kind not in _PROPERTIES and kind not in _OPAQUE):
        _no(f"unsupported type: {kind}", f"{at}/type")
    if kind in _PROPERTIES:
        _only(block, {"type", "block_id", *_PROPERTIES[kind].split()}, at)
        check = _BLOCKS.get(kind)
        if check:
            check(block, at)


def _section(block: dict[str, Any], at: str) -> None:
    if not block.get("text") and not block.get("fields"):
        _no("missing required field: text", at)
    if block.get("text") is not None:
        _text(block["text"], 3000, f"{at}/text")
    for number, field in enumerate(_list(block.get("fields", []), 10, f"{at}/fields")):
        _text(field, 2000, f"{at}/fields/{number}")
    if "accessory" in block:
        _element(block["accessory"], _ACTIONS | {"image"}, set(), f"{at}/accessory")


def _header(block: dict[str, Any], at: str) -> None:
    _text(block.get("text"), 150, f"{at}/text", plain=True)


def _markdown(block: dict[str, Any], at: str) -> None:
    _string(block.get("text"), 10**9, f"{at}/text")  # the limit is on all of them together


def _image(block: dict[str, Any], at: str) -> None:
    _string(block.get("alt_text"), 2000, f"{at}/alt_text")
    if "slack_file" not in block:
        _string(block.get("image_url"), 3000, f"{at}/image_url")
    if "title" in block:
        _text(block["title"], 2000, f"{at}/title", plain=True)


def _context(block: dict[str, Any], at: str) -> None:
    for number, item in enumerate(_list(block.get("elements"), 10, f"{at}/elements", least=1)):
        here = f"{at}/elements/{number}"
        if isinstance(item, dict) and item.get("type") == "image":
            _element(item, {"image"}, set(), here)
        else:
            _text(item, 3000, here)


def _actions(block: dict[str, Any], at: str) -> None:
    seen: set[str] = set()
    for number, item in enumerate(_list(block.get("elements"), 25, f"{at}/elements", least=1)):
        _element(item, _ACTIONS, seen, f"{at}/elements/{number}")


def _context_actions(block: dict[str, Any], at: str) -> None:
    seen: set[str] = set()
    for number, item in enumerate(_list(block.get("elements"), 5, f"{at}/elements", least=1)):
        _element(item, {"feedback_buttons", "icon_button"}, seen, f"{at}/elements/{number}")


def _input(block: dict[str, Any], at: str) -> None:
    _text(block.get("label"), 2000, f"{at}/label", plain=True)
    if "hint" in block:
        _text(block["hint"], 2000, f"{at}/hint", plain=True)
    _element(block.get("element"), _INPUTS, set(), f"{at}/element")


def _table(block: dict[str, Any], at: str) -> None:
    for number, row in enumerate(_list(block.get("rows"), 100, f"{at}/rows", least=1)):
        for column, cell in enumerate(_list(row, 20, f"{at}/rows/{number}", least=1)):
            if not isinstance(cell, dict) or cell.get("type") not in {"raw_text", "raw_number", "rich_text"}:
                _no("unsupported type", f"{at}/rows/{number}/{column}")


_BLOCKS = {
    "section": _section,
    "header": _header,
    "markdown": _markdown,
    "image": _image,
    "context": _context,
    "actions": _actions,
    "context_actions": _context_actions,
    "input": _input,
    "table": _table,
}


def _element(item: object, allowed: frozenset[str] | set[str], seen: set[str], at: str) -> None:
    if not isinstance(item, dict) or item.get("type") not in allowed:
        _no(f"unsupported type: {item.get('type') if isinstance(item, dict) else item}", at)
    kind = item["type"]
    if kind != "image" and "action_id" in item:
        _string(item["action_id"], 255, f"{at}/action_id")
        if item["action_id"] in seen:
            _no(f"`action_id` {item['action_id']} already exists", at)
        seen.add(item["action_id"])
    if kind == "button":
        _only(item, _BUTTON, at)
        _text(item.get("text"), 75, f"{at}/text", plain=True)
        _string(item.get("value", ""), 2000, f"{at}/value", least=0)
        _string(item.get("url", "https:"), 3000, f"{at}/url")
        if item.get("style", "primary") not in {"primary", "danger"}:
            _no("must be one of primary, danger", f"{at}/style")
    elif kind == "feedback_buttons":
        _only(item, {"type", "action_id", "positive_button", "negative_button"}, at)
        for name in ("positive_button", "negative_button"):
            _vote(item.get(name), f"{at}/{name}")
    elif kind == "icon_button":
        if item.get("icon") != "trash":
            _no("must be one of trash", f"{at}/icon")
        _text(item.get("text"), 75, f"{at}/text", plain=True)
        _string(item.get("value", ""), 2000, f"{at}/value", least=0)
    elif kind == "image":
        _string(item.get("alt_text"), 2000, f"{at}/alt_text")
        _string(item.get("image_url", "" if "slack_file" not in item else "https:"), 3000, f"{at}/image_url")
    elif kind in _OPTIONS:
        _options(item, kind, at)


def _vote(button: object, at: str) -> None:
    if not isinstance(button, dict):
        _no("missing required field", at)
    _only(button, {"text", "value", "accessibility_label"}, at)
    _text(button.get("text"), 75, f"{at}/text", plain=True)
    _string(button.get("value"), 2000, f"{at}/value")
    _string(button.get("accessibility_label", ""), 75, f"{at}/accessibility_label", least=0)


def _options(item: dict[str, Any], kind: str, at: str) -> None:
    if "option_groups" in item:
        options = [option for group in _list(item["option_groups"], 100, at) for option in group.get("options", [])]
    else:
        options = _list(item.get("options"), _OPTION_LIMITS.get(kind, 100), f"{at}/options", least=1)
    for number, option in enumerate(options):
        here = f"{at}/options/{number}"
        _text(option.get("text"), 75, f"{here}/text")
        _string(option.get("value"), 150, f"{here}/value")


def _text(value: object, limit: int, at: str, *, plain: bool = False) -> None:
    if not isinstance(value, dict):
        _no(f"missing required field: {at.rsplit('/', 1)[-1]}", at)
    kinds = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}
    if value.get("type") not in kinds or (plain and value["type"] != "plain_text"):
        _no("must be plain_text" if plain else "must be plain_text or mrkdwn", f"{at}/type")
    _only(value, kinds[value["type"]], at)
    _string(value.get("text"), limit, f"{at}/text")


def _string(value: object, limit: int, at: str, *, least: int = 1) -> None:
    if not isinstance(value, str):
        _no("should be a string", at)
    if len(value) < least:
        _no(f"must be more than {least - 1} characters", at)
    if len(value) > limit:
        _no(f"must be less than {limit + 1} characters", at)


def _list(value: object, limit: int, at: str, *, least: int = 0) -> list[Any]:
    if not isinstance(value, list):
        _no("should be a list", at)
    if len(value) < least:
        _no("no fewer than 1 items allowed", at)
    if len(value) > limit:
        _no(f"no more than {limit} items allowed", at)
    return value


def _only(value: Mapping[str, Any], names: set[str], at: str) -> None:
    for name in value:
        if name not in names:
            _no(f"invalid additional property: {name}", at)


def _no(message: str, at: str, error: str = "invalid_blocks") -> NoReturn:
    raise Refused(error, f"[ERROR] {message} [json-pointer:{at}]")
