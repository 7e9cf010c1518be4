"""What stands beside a message's text."""

from __future__ import annotations

import json

from bot.chat.message import mask_file_names


def test_the_names_of_files_are_masked_and_nothing_else_of_them() -> None:
    file = {"name": "card 4111.png", "type": "image/png", "size": 3, "url": "https://files.slack.com/4111"}
    context = {"files": json.dumps([file]), "links": "4111"}
    masked = mask_file_names(context, lambda text: text.replace("4111", "[card]"))
    assert json.loads(masked["files"]) == [file | {"name": "card [card].png"}]
    assert masked["links"] == "4111"
    assert mask_file_names({"links": "x"}, str.upper) == {"links": "x"}
