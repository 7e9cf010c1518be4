"""Texts that try to lead away from the page that is cited, made of encodings, forms and glue."""

from __future__ import annotations

import random
from collections.abc import Callable

PAGE = (
    "Print the label in the [portal](https://shop.example/portal?step=1&lang=en), at https://shop.example or by "
    "`curl https://api.shop.example/v1`. Write to help@shop.example or [us](mailto:help@shop.example)."
)
EVIL = (
    "https://evil.lol/steal?q=1",
    "http://evil.lol",
    "evil.lol",
    "www.evil.lol/a",
    "mail@evil.lol",
    "discord.gg/evil",
    "mailto:mail@evil.lol",
    "javascript:alert(1)",
    "https://shop.example@evil.lol",
    "https://shop.example.evil.lol",
    "https://evil.lol\\@shop.example",
    "//evil.lol/x",
    "ftp://evil.lol/x",
    "HTTPS://EVIL.LOL",
    "https://localhost/x",
    "https://еvil.lol",
    "xn--vil-qla.com",
    "slack://open",
    "https://evil.lol/(a)_b",
    "tel:+15550100",
)
GOOD = (
    "https://shop.example",
    "https://shop.example/portal?step=1&lang=en",
    "help@shop.example",
    "`https://shop.example`",
)
GLUE = (
    "'",
    "(",
    "`",
    ")",
    "”",
    "。",
    "．",
    "​",
    "\\",
    "*",
    "|",
    "]",
    "}",
    "“",
    "&period;",
    "<!-- -->",
    "\u200b.",
    "，",
    "中",
    "é",
    "\u00ad",
)
NAMED = {":": "&colon;", "/": "&sol;", ".": "&period;", "@": "&commat;", "(": "&lpar;", ")": "&rpar;", "[": "&lbrack;",
         "]": "&rbrack;", "<": "&lt;", ">": "&gt;"}  # fmt: skip
INVISIBLE = ("\u200b", "\u00ad", "\u2060", "\ufeff", "\u200d", "\u034f", "\u180e")

Encode = Callable[[str, random.Random], str]


def _here_and_there(change: Callable[[str, random.Random], str]) -> Encode:
    def encode(text: str, chance: random.Random) -> str:
        share = chance.choice((0.1, 0.3, 1.0))
        return "".join(change(letter, chance) if chance.random() < share else letter for letter in text)

    return encode


def _between(*inserted: str) -> Encode:
    return _here_and_there(lambda letter, chance: letter + chance.choice(inserted))


def _full_width(letter: str, _chance: random.Random) -> str:
    return chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter


ENCODINGS: dict[str, Encode] = {
    "as it is": lambda text, _: text,
    "comments": _between("<!-- -->", "<!---->", "<!-- x > y -->"),
    "named": _here_and_there(lambda letter, _: NAMED.get(letter, letter)),
    "decimal": _here_and_there(lambda letter, _: f"&#{ord(letter)};"),
    "hex": _here_and_there(lambda letter, _: f"&#x{ord(letter):x};"),
    "no semicolon": _here_and_there(lambda letter, _: f"&#{ord(letter)}"),
    "encoded twice": _here_and_there(lambda letter, _: f"&amp;#{ord(letter)};"),
    "dots": lambda text, chance: text.replace(".", chance.choice("。．｡․")),
    "full width": _here_and_there(_full_width),
    "invisible": _between(*INVISIBLE),
    "breaks": _between("\n", "\t", " \n", "<br>"),
    "backslashes": _here_and_there(lambda letter, _: letter if letter.isalnum() else "\\" + letter),
    "marks": _between("*", "**", "_", "~~", "||", "``"),
    "confusables": lambda text, _: text.replace("e", "е").replace("/", "⁄").replace(":", "："),
    "percent": _here_and_there(lambda letter, _: f"%{ord(letter):02X}" if ord(letter) < 128 else letter),
    "upper case": lambda text, _: text.upper(),
    "userinfo": lambda text, _: text.replace("://", "://shop.example@"),
    "escapes": _between("\x1b[0m", "\x00", "\u202e"),
}  # fmt: skip
FORMS = (
    "{0}",
    "<{0}>",
    "[the portal]({0})",
    "![the portal]({0})",
    "[the portal](<{0}>)",
    '[a]({0} "t")',
    "[a]( {0} )",
    "[a]({0}",
    "[a [b]({1}) c]({0})",
    "[[a]]({0})",
    "[![a]({1})]({0})",
    "[p]: {0}\n\n[the portal][p] and [p]",
    '<a href="{0}">portal</a>',
    "<{0}|the portal>",
    "`{0}`",
    "``{0}``",
    "```\n{0}\n```",
    "~~~\n{0}",
    "| a | b |\n|---|---|\n| {0} | {1} |",
    "> {0}",
    "- {0}",
    "1. {0}",
    "# {0}",
    "#### {0}",
    "**{0}**",
    "*{0}*",
    "||{0}||",
    "请看{0}吧",
    "（{0}）",
    "«{0}»",
    "-# {0}",
    "[{0}]({1})",
    "[{1}]({0})",
    "[x]\\({0})",
    "\\[x]({0})",
    "[x](\n{0})",
    "[x] ({0})",
    "[1]({0})",
    "{0}`",
    "`{0}",
    "    {0}",
    "[a\\]({0})",
    "[a`]({0})`",
    "`[a](`{0})",
    "<!-- [a]({0}) -->",
    "<!-- {0}",
    "[a](https:{0}",
    "https:{0}",
    "<https:{0}>",
    "{1}{0}",
    "{1} {0}",
    "[a]({1}){0}",
    "[a]({1})]({0})",
    "<{1}>{0}",
    "![{1}]({0})",
    "!{1}{0}",
)


OVER_LINES = (
    "[x](\n{0})",
    "[x]( \n <{0}>)",
    "[x]:\n{0}",
    "[x]: {0}\n\n[x]",
    "[x](\n\n{0} 'y')",
    "[x\n]({0})",
    "[x](<{0}>)",
)
FENCES = (
    "```\n{0}\n```",
    "~~~~\n{0}\n~~~~",
    "```{1}\n{0}\n```",
    "> ```\n> {0}\n> ```",
    "```\n{0}",
    "```\n~~~\n{0}\n```",
)


def cut_fences(evil: str) -> list[str]:
    """Links over lines in and behind fences, which a platform gets cut in pieces, or takes for none."""
    links = [link.format(evil) for link in OVER_LINES]
    fenced = [fence.format(f"{'word ' * 12}\n{link}", "i" * 60) for fence in FENCES for link in links]
    behind = [f"{FENCES[0].format('word ' * 12)}\n{link}" for link in links]
    return [*fenced, *behind, *(text.replace("\n", "\n> ") for text in behind)]


def hostile(chance: random.Random) -> str:
    """A text that tries to lead away."""
    parts = []
    for _ in range(chance.randint(1, 3)):
        encode = ENCODINGS[chance.choice(list(ENCODINGS))]
        url = chance.choice(EVIL)
        if chance.random() < 0.3:
            url = chance.choice(GOOD) + chance.choice(GLUE) + chance.choice(("", ".")) + "evil.lol"
        if chance.random() < 0.2:
            url = encode(chance.choice(FORMS).format(url, chance.choice(GOOD)), chance)  # the form itself, too
            parts.append(url)
        else:
            parts.append(chance.choice(FORMS).format(encode(url, chance), chance.choice(GOOD)))
    return chance.choice(("", " ", "\n", " and ", "。", "**", "`", "[", "https://")).join(parts)
