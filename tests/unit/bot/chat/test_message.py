"""What stands beside a message's text."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.message import MessageFile, mask_file_names


def test_the_names_of_files_are_masked_and_nothing_else_of_them() -> None:
    file = MessageFile("card 4111.png", "image/png", 3, "https://files.slack.com/4111")
    other = MessageFile("a.log", "", 0, "")
    masked = mask_file_names((file, other), lambda text: text.replace("4111", "[card]"))
    assert masked == (replace(file, name="card [card].png"), other)
    assert mask_file_names((), str.upper) == ()
