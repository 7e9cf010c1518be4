"""Frontdesk's Markdown -> a platform's, with no link in it but those that are made here.

A link is made where the text has one to an address that a cited passage holds (`links`), letter by letter. All other
text is read as the client will read it, entities and escapes resolved, and defused (`bot.chat.links`). Code and made
links are set aside meanwhile, so that nothing around them becomes a part of them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.chat.emphasis import find_undecided_spans, mend_emphasis
from bot.chat.links import BELL, BREAK, CODE, LESS, MADE, MAILBOX, CodeLines, defuse_text, find_addresses
from bot.chat.markup import Scanner, Token, tokens_of_line
from retrieval.text.cleaning import clean_text
from retrieval.text.scripts import UNSPACED

_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});", re.IGNORECASE)
# What Markdown puts in angles that it may be clicked; no platform that is drawn for here takes them away.
_IN_ANGLES = re.compile(rf"(?<![^\W{UNSPACED}])(?:<|&lt;)(?P<mailbox>{MAILBOX})(?:>|&gt;)(?![^\W{UNSPACED}])")
_KEPT = {"<": LESS, ">": "\ue003", "&": "\ue004"}  # stand for characters that are no markup
_MARKUP = frozenset("\\`*_{}[]()#+-!|~")
_STRAY = re.compile(r"`+")
_PLACE = re.compile(f"[{CODE}{MADE}]")
_OURS = re.compile(f"[{MADE}{CODE}{''.join(_KEPT.values())}]")  # what stands for something here
_SEAM = re.compile(rf"(?<=[\s{UNSPACED}])")  # between words; an address goes on over none
_AFTER_ADDRESS = ".,;:!?*_~"
_LINE_END = re.compile(r"\r?\n\Z")
_OPENS_LINK = re.compile(rf"[!\\](?={MADE})")  # would make another thing of the link that follows
_ENDS = re.compile(r"[.,;:!?)\]}\"'*_~”’»…]*+(?:\s|\Z)")
_LONGEST_LINK = 1_500  # characters; a longer one is text
_BEGINS = re.compile(r"[\s(\[{<\"'“‘«][*_~]*\Z")
_LOOKED_AT = 20  # characters beside a link, or behind code


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a platform's Markdown looks like. `link` makes a link of a label ("" for a bare address) and an address,
    `prose` and `code` escape what is neither, `apart` keeps from a link what stands right beside it, `angles` are what
    shows `<`, `>` and `&`; `marker` shows the numbers of citations."""

    link: Callable[[str, str], str]
    prose: Callable[[str], str]
    code: Callable[[str], str] = str
    apart: str = ""
    angles: tuple[str, str, str] = ("&lt;", "&gt;", "&amp;")
    marker: Callable[[Token], str] | None = None

    def shown(self, prose: str) -> str:
        """Prose in its last form, escaped."""
        return self.prose(prose).translate(dict(zip(map(ord, _KEPT.values()), self.angles, strict=True)))


@dataclass(slots=True)
class _Aside:
    """What was set aside: a made link, or code with what has to be looked at yet."""

    text: str
    is_code: bool


class Renderer:
    """Takes a text in whole lines, or in pieces that end where `settled` says."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._scanner = Scanner()
        self._code = CodeLines()
        self._before = "\n"

    def render(self, markdown: str, links: Collection[str] = ()) -> str:
        """A further piece of the text."""
        asides: list[_Aside] = []
        shown = "".join(
            self._render_token(token, links, asides) for token in self._scanner.scan(_in_last_form(markdown))
        )
        before, self._before = self._before, _OURS.sub(")", (self._before + shown)[-1])
        prose = mend_emphasis(before + shown)
        for aside, place in zip(asides, _PLACE.finditer(prose), strict=True):
            if aside.is_code:
                aside.text = self._dialect.code(_defuse_code(aside.text, prose[place.end() :][:_LOOKED_AT], links))
            elif self._dialect.apart:
                before_it = (
                    ""
                    if _BEGINS.search(prose, max(0, place.start() - _LOOKED_AT), place.start())
                    else self._dialect.apart
                )
                behind_it = "" if _ENDS.match(prose, place.end()) else self._dialect.apart
                aside.text = f"{before_it}{aside.text}{behind_it}"
        prose = _OPENS_LINK.sub(rf"\g<0>{BREAK}", prose)
        texts = iter(asides)
        return _PLACE.sub(lambda _: next(texts).text, self._dialect.shown(defuse_text(prose, links))[len(before) :])

    def settled(self, line: str) -> int:
        """Up to where a line that is still being written can be rendered, whatever follows."""
        limit = self._scanner.settled(line)
        masked = "".join(_mask_token(token) for token in tokens_of_line(line[:limit]))
        masked += line[limit : limit + 1] if line[limit : limit + 1].isspace() else ""
        undecided = find_undecided_spans(masked)
        lead = len(line) - len(line.lstrip(" >")) if self._before == "\n" else 0  # a quotation's marks stay together
        for place in reversed([match.start() for match in _SEAM.finditer(masked, 0, limit + 1)]):
            while undecided and undecided[-1][0] >= place:
                undecided.pop()
            if lead < place <= limit and (not undecided or place >= undecided[-1][1]):
                return place
        return 0

    def _render_token(self, token: Token, links: Collection[str], asides: list[_Aside]) -> str:
        if token.kind == "fenced":
            end = _LINE_END.search(token.text)
            line = self._code.break_link(token.text[: end.start() if end else None])
            asides.append(_Aside(line, is_code=True))
            return CODE + (end[0] if end else "")
        if token.kind == "code":
            asides.append(_Aside(token.text, is_code=True))
            return CODE
        if token.kind == "link":
            return self._render_link(token, links, asides)
        if token.kind == "url":
            return self._render_bare_url(token, links, asides)
        if token.kind == "marker" and self._dialect.marker:
            asides.append(_Aside(self._dialect.marker(token), is_code=False))
            return MADE
        return to_prose(token)

    def _render_link(self, token: Token, links: Collection[str], asides: list[_Aside]) -> str:
        target = decode_entities(token.target)
        label = "".join(to_prose(part) for part in _parts_of_label(token.label, target))
        if target not in links:
            return label
        shown = self._dialect.shown(defuse_text(mend_emphasis(label.replace("\n", " ")), links)).strip()
        if len(shown) + len(target) > _LONGEST_LINK:
            return label
        asides.append(_Aside(self._dialect.link("" if label.strip() == target else shown, target), is_code=False))
        return MADE

    def _render_bare_url(self, token: Token, links: Collection[str], asides: list[_Aside]) -> str:
        whole = decode_entities(token.target)
        url = whole.rstrip(_AFTER_ADDRESS)
        held = next((each for each in (whole, url) if each in links and len(each) < _LONGEST_LINK / 2), "")
        if not held:
            return "".join(f"\\{letter}" if letter in "*_~`" else letter for letter in _replace_special(whole))
        asides.append(_Aside(self._dialect.link("", held), is_code=False))
        return MADE + _replace_special(whole[len(held) :])


def render_text(markdown: str, dialect: Dialect, links: Collection[str] = ()) -> str:
    """A whole text, or as much of one as there is so far."""
    return Renderer(dialect).render(markdown, links)


def to_prose(token: Token) -> str:
    """A token that is no code, as prose in its last form: without comments, entities as the characters they are."""
    if token.kind == "comment":
        return BREAK  # what stood around it is not to meet
    if token.kind == "break":
        return " "
    if token.kind == "tag":
        return _KEPT["<"]
    if token.kind == "mention":
        return token.text + BELL
    if token.kind == "link":
        return "".join(to_prose(part) for part in _parts_of_label(token.label, ""))
    if token.kind == "escape" and token.text[1] in "<>&":
        return _KEPT[token.text[1]]
    if token.kind in {"escape", "url", "code", "fenced"}:
        return token.text
    text = _IN_ANGLES.sub(lambda match: match["mailbox"], token.text)
    return _ENTITY.sub(_escape_entity, _STRAY.sub(lambda match: r"\`" * len(match[0]), text))


def find_held_addresses(markdown: str) -> frozenset[str]:
    """The addresses that a passage's Markdown holds: where its links lead, and what it shows."""
    found: set[str] = set()
    prose: list[str] = []
    for token in Scanner().scan(markdown):
        if token.kind in {"link", "url"}:
            target = decode_entities(token.target)
            found |= {target, token.target, target.rstrip(_AFTER_ADDRESS)}
        if token.kind in {"code", "fenced"}:
            found |= find_addresses(token.text.strip("`")) | _find_urls(token.text)
        prose.append(to_prose(token))
    text = "".join(prose)
    return frozenset(found) | find_addresses(text) | find_addresses(text.replace("\\", ""))


def decode_entities(text: str) -> str:
    """Text with its entities as the characters they stand for."""
    return _ENTITY.sub(lambda match: clean_text(html.unescape(match[0])), text)


def _find_urls(code: str) -> set[str]:
    tokens = tokens_of_line(re.sub(r"[`\n]", " ", code))
    return {token.target.rstrip(_AFTER_ADDRESS) for token in tokens if token.kind == "url"}


def _parts_of_label(label: str, target: str) -> list[Token]:
    """A label's tokens but for markers, and addresses that it does not lead to: those are a lure."""
    parts = [part for part in Scanner().scan(label) if part.kind != "marker"]
    return [part for part in parts if part.kind != "url" or not target or part.target in target]


def _escape_entity(match: re.Match[str]) -> str:
    """An entity as the character that it is, which is no markup."""
    letters = decode_entities(match[0])
    return "".join(f"\\{letter}" if letter in _MARKUP else _KEPT.get(letter, letter) for letter in letters)


def _replace_special(text: str) -> str:
    return "".join(_KEPT.get(letter, letter) for letter in text)


def _in_last_form(markdown: str) -> str:
    """Without what shows nothing, and what stands for something here."""
    markdown = clean_text(markdown).replace("\r", "")
    return _OURS.sub("\ufffd", markdown)


def _defuse_code(text: str, following: str, links: Collection[str]) -> str:
    """Code, defused. An address at its end stays only where it ends there for every client."""
    if _ENDS.match(following):
        return defuse_text(text, links, code=True)
    return defuse_text(text + CODE, links, code=True).removesuffix(CODE).removesuffix(BREAK)


def _mask_token(token: Token) -> str:
    """A token, as long as it is, that shows what it is to emphasis alone."""
    if token.kind in {"text", "bracket", "marker", "tag", "mention"}:
        return _ENTITY.sub(
            lambda match: (" " if decode_entities(match[0]).isspace() else "&") * len(match[0]), token.text
        )
    ends = {"comment": "x", "break": " "}.get(token.kind, CODE)  # what it is shown as, see words_of
    return CODE * (len(token.text) - 1) + ends
