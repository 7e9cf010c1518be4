"""Frontdesk's Markdown -> a tree of few kinds of nodes, of which the browser builds elements one by one. Pure.

A node is a text, or {"t": its tag, "c": its children}, a link with its address under "h". There is no other way into
the page: what is no node of these is text, and nothing is linked to but what a cited passage holds.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from bot.chat.links import defuse_text
from bot.chat.markdown import Dialect, render_text
from bot.chat.markup import escape_url
from retrieval.text.cleaning import clean_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

Node = str | dict[str, Any]
_TAGS = {
    "paragraph": "p",
    "heading": "h",
    "strong": "strong",
    "em": "em",
    "s": "s",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
}
_FOLLOWED = ("https://", "http://", "mailto:")


def build_tree(markdown: str, links: Collection[str] = ()) -> list[Node]:
    """A whole text, or as much of one as there is so far; `links` are the addresses that may be linked to."""
    from markdown_it.tree import SyntaxTreeNode

    rendered = render_text(markdown, _TREE, links)
    allowed = {escape_url(each) for each in links if each.lower().startswith(_FOLLOWED)}
    return _build_children(SyntaxTreeNode(_make_parser().parse(rendered)), allowed)


def build_plain_tree(text: str, links: Collection[str] = ()) -> list[Node]:
    """Plain text, a paragraph for what blank lines separate; those of `links` that stand in it lead there."""
    paragraphs = [each for each in clean_text(text).strip().split("\n\n") if each.strip()]
    return [{"t": "p", "c": _link_words(paragraph, links)} for paragraph in paragraphs]


def _make_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("reference")
    parser.normalizeLink = _keep_link  # type: ignore[method-assign]
    return parser


def _keep_link(url: str) -> str:
    """As it stands among those that are allowed."""
    return url


def _build_children(node: SyntaxTreeNode, allowed: Collection[str]) -> list[Node]:
    built: list[Node] = []
    for child in node.children:
        for each in _build_node(child, allowed):
            if isinstance(each, str) and built and isinstance(built[-1], str):
                built[-1] += each
            else:
                built.append(each)
    return built


def _build_node(node: SyntaxTreeNode, allowed: Collection[str]) -> list[Node]:
    kind = node.type
    if kind in {"text", "image"}:
        return [node.content]
    if kind == "softbreak":
        return ["\n"]
    if kind == "hardbreak":
        return [{"t": "br", "c": []}]
    if kind in {"code_inline", "fence", "code_block"}:
        return [{"t": "code" if kind == "code_inline" else "pre", "c": [node.content]}]
    children = _build_children(node, allowed)
    if kind == "link":
        address = str(node.attrs.get("href", ""))
        return [{"t": "a", "h": address, "c": children}] if address in allowed else children
    if kind in _TAGS and not (kind == "paragraph" and node.hidden):
        return [{"t": _TAGS[kind], "c": children}]
    return children


def _link_words(text: str, links: Collection[str]) -> list[Node]:
    parts: list[Node] = []
    for number, line in enumerate(text.split("\n")):
        parts += [{"t": "br", "c": []}] if number else []
        for word in line.split(" "):
            if word in links and word.startswith(_FOLLOWED):
                parts += [{"t": "a", "h": word, "c": [word]}, " "]
            else:
                parts.append(f"{word} ")
    return _join_texts(parts)


def _join_texts(parts: list[Node]) -> list[Node]:
    joined: list[Node] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return [defuse_text(part) if isinstance(part, str) else part for part in joined]


def _format_link(label: str, url: str) -> str:
    return f"[{label}]({escape_url(url)})" if label else f"<{escape_url(url)}>"


_TREE = Dialect(_format_link, str)
