"""Taught answers as a page and as data for the company's own site."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from typing import Any

from bot.taught.models import Taught

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<script type="application/ld+json">
{data}
</script>
</head>
<body>
<main>
<h1>{title}</h1>
{entries}
</main>
</body>
</html>
"""
_ENTRY = """<section id="{id}">
<h2>{question}</h2>
{answer}</section>"""
# What would end a <script> element or begin a comment in it, as JSON can write it otherwise.
_SAFE = re.compile(r"\s*(?:https?://|mailto:)", re.IGNORECASE)
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def as_json_ld(taught: Sequence[Taught]) -> str:
    """A schema.org FAQPage. https://schema.org/FAQPage"""
    entries: list[dict[str, Any]] = [
        {
            "@type": "Question",
            "name": each.question,
            "dateModified": each.updated_at.date().isoformat(),
            "inLanguage": each.language,
            "acceptedAnswer": {"@type": "Answer", "text": _rendered(each.answer).strip()},
        }
        for each in taught
    ]
    data = {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": entries}
    return json.dumps(data, ensure_ascii=False, indent=1)


def as_html(taught: Sequence[Taught], title: str = "") -> str:
    """A FAQ page: headings with answers, and the same as JSON-LD. Its author's names stay inside the company."""
    languages = [each.language for each in taught]
    language = max(languages, key=languages.count) if languages else "en"
    title = title or ("常见问题" if language == "zh" else "Frequently asked questions")
    entries = "\n".join(
        _ENTRY.format(id=f"q-{each.id[:8]}", question=html.escape(each.question), answer=_rendered(each.answer))
        for each in taught
    )
    data = "".join(_ESCAPES.get(character, character) for character in as_json_ld(taught))
    return _PAGE.format(language=html.escape(language), title=html.escape(title), data=data, entries=entries)


def _rendered(markdown: str) -> str:
    """Markdown as HTML; HTML in it is shown as text, and links go to http(s) and mail alone."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    parser.validateLink = lambda url: bool(_SAFE.match(url))  # type: ignore[method-assign]
    return str(parser.render(markdown))
