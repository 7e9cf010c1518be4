"""What stands behind the title of a cited document."""

from __future__ import annotations

import pytest

from bot.chat.conversation import Citation
from bot.chat.origins import describe_origin
from bot.chat.plain_text import format_source
from bot.i18n import list_languages, words_for
from bot.platforms.discord import layouts
from bot.platforms.slack import blocks
from bot.platforms.terminal.answers import _format_source

URL = "https://shop.example/files/Returns%20policy.pdf"
CITED = Citation(1, "Who pays?", f"{URL}#page=3", "p")


@pytest.mark.parametrize("language", list_languages())
def test_every_language_names_the_file_and_its_page(language: str) -> None:
    told = describe_origin(CITED, words_for(language))
    assert told.startswith("Returns policy (PDF)")
    assert "3" in told


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (URL, "Returns policy (PDF)"),
        ("https://shop.example/a/faq.XLSX", "faq (XLSX)"),
        ("file:///srv/handbook/%E9%80%80%E8%B4%A7.docx", "退货 (DOCX)"),
        ("https://shop.example/download?id=7#page=12", "download, page 12"),
        ("https://shop.example/#page=2", "shop.example, page 2"),
        ("https://shop.example/help#pages", ""),
        ("https://shop.example/help.html", ""),
        ("https://[bad", ""),
        ("", ""),
    ],
)
def test_a_page_of_the_web_needs_none(url: str, origin: str) -> None:
    assert describe_origin(Citation(1, "t", url, "p"), words_for("en")) == origin


def test_who_wrote_it_goes_before_where_it_stands() -> None:
    taught = Citation(1, "t", f"{URL}#page=3", "p", "Ines", "2026-03-01")
    assert describe_origin(taught, words_for("en")) == "Ines, 2026-03-01"


def test_each_platform_shows_it_and_links_to_the_page() -> None:
    words = words_for("en")
    [section] = blocks.draw_sources([CITED], words)
    assert section["text"]["text"].splitlines()[1] == f"[1] <{URL}#page=3|Who pays?> · Returns policy (PDF), page 3"
    assert layouts.format_sources([CITED], words).splitlines()[1] == (
        f"-# 1. [Who pays?]({URL}#page=3) · Returns policy \\(PDF\\), page 3"
    )
    plain = f"Who pays? · Returns policy (PDF), page 3  {URL}#page=3"
    assert format_source(CITED, words) == plain
    assert _format_source(CITED, words).plain == f"[1] {plain}"


def test_a_files_name_is_short_and_no_markup() -> None:
    sly = Citation(1, "t", f"https://shop.example/{'x' * 300}%3C!channel%3E.pdf", "p")
    assert len(describe_origin(sly, words_for("en"))) <= 66
    hidden = Citation(1, "t", "https://shop.example/%3C!channel%3E.pdf", "p")
    [section] = blocks.draw_sources([hidden], words_for("en"))
    assert "<!channel>" not in section["text"]["text"]
