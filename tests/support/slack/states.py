"""What a person's hand does to interactive elements: the action of a click, the values of a filled-in form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.support.slack.errors import CannotDo

_PLAIN = {"plain_text_input": "value", "email_text_input": "value", "url_text_input": "value", "number_input": "value"}
_SELECTED = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
}


def action_of(
    blocks: Sequence[Mapping[str, Any]], action_id: str, value: str | None, block_id: str = ""
) -> dict[str, Any]:
    """The action that using an element sends; the element must be there, and offer that value."""
    found = [
        (block, element)
        for block, element in _elements(blocks)
        if element.get("action_id") == action_id and block_id in {"", block["block_id"]}
    ]
    if not found:
        there = [element.get("action_id") for _, element in _elements(blocks)]
        raise CannotDo(f"there is no action {action_id!r}, but {there}")
    block, element = found[0]
    action = {"type": element["type"], "action_id": action_id, "block_id": block["block_id"]}
    if element["type"] == "feedback_buttons":
        return action | _vote(element, value)
    if element["type"] in {"button", "icon_button"}:
        if value not in {None, element.get("value")}:
            raise CannotDo(f"the button's value is {element.get('value')!r}, not {value!r}")
        return action | {name: element[name] for name in ("text", "value", "style", "url") if name in element}
    return action | _chosen(element, value)


def state_of(blocks: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """`view.state.values` of a form filled in with these."""
    left = dict(values)
    state: dict[str, Any] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        given = left.pop(element["action_id"], left.pop(block["block_id"], None))
        if given in (None, "", []):
            given = _initial(element)
        if given in (None, "", []) and not block.get("optional"):
            raise CannotDo(f"{block['block_id']} must be filled in")
        state[block["block_id"]] = {element["action_id"]: {"type": element["type"], **_chosen(element, given)}}
    if left:
        raise CannotDo(f"the form has no {sorted(left)}, but {sorted(state)}")
    return state


def _elements(blocks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for block in blocks:
        if block.get("type") in {"actions", "context_actions"}:
            yield from ((block, element) for element in block["elements"])
        for name in ("accessory", "element"):
            if isinstance(block.get(name), Mapping):
                yield block, block[name]


def _vote(element: Mapping[str, Any], value: str | None) -> dict[str, Any]:
    for button in (element["positive_button"], element["negative_button"]):
        if button["value"] == value:
            return {"value": value, "text": button["text"]}
    offered = [element["positive_button"]["value"], element["negative_button"]["value"]]
    raise CannotDo(f"the votes are {offered}, not {value!r}")


def _chosen(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind in _PLAIN:
        return {"value": _written(element, given)}
    if kind in _SELECTED:
        return {_SELECTED[kind]: given}
    if kind in {"checkboxes", "multi_static_select"}:
        return {"selected_options": [_option(element, value) for value in given or []]}
    if kind in {"static_select", "radio_buttons", "overflow"}:
        return {"selected_option": None if given is None else _option(element, given)}
    raise CannotDo(f"the stand-in cannot fill in a {kind}")


def _written(element: Mapping[str, Any], given: Any) -> str | None:
    if given is None:
        return None
    text = str(given)
    if not element.get("min_length", 0) <= len(text) <= element.get("max_length", 3000):
        raise CannotDo(f"{element['action_id']} does not take {len(text)} characters")
    return text


def _option(element: Mapping[str, Any], value: str) -> Mapping[str, Any]:
    groups = element.get("option_groups") or [{"options": element.get("options", [])}]
    for option in (option for group in groups for option in group["options"]):
        if option["value"] == value:
            return option  # type: ignore[no-any-return]
    raise CannotDo(f"{element['action_id']} has no option {value!r}")


def _initial(element: Mapping[str, Any]) -> Any:
    if "initial_option" in element:
        return element["initial_option"]["value"]
    if "initial_options" in element:
        return [option["value"] for option in element["initial_options"]]
    return element.get("initial_value")
