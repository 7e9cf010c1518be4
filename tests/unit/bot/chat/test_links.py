"""E-mail addresses."""

from __future__ import annotations

from bot.chat.links import defuse_text, find_mailboxes


def test_an_e_mail_address_alone_can_be_copied_as_it_stands() -> None:
    said = "Write to nurse@example.org, or see https://evil.example/a@b.example and a@b.example/evil"
    assert find_mailboxes(said) == {"nurse@example.org"}
    shown = defuse_text(said, find_mailboxes(said))
    assert "nurse@example.org" in shown and "evil.example" not in shown and "b.example/evil" not in shown
