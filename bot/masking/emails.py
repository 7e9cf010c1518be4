"""E-mail addresses: written, with blanks or other signs in them, and spelt out in words."""

from __future__ import annotations

import re
import string
import unicodedata

from bot.masking.reading import Find
from retrieval.text.scripts import HAN, HIRAGANA, KANA, KATAKANA

# Octets of a local part and of a domain, RFC 5321, section 4.5.3.1.
_LOCAL_LIMIT, _DOMAIN_LIMIT = 64, 255
_LATIN = "".join(map(chr, (*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x250))))
_CYRILLIC = "".join(map(chr, range(0x400, 0x460)))
_DOMAIN_CHARACTERS = string.ascii_letters + string.digits + "-." + _LATIN + _CYRILLIC
_LOCAL_SIGNS = "-._+'"
# Scripts without spaces between words: what stands before a name looks like a part of it.
_UNSPACED = re.compile(rf"(?:[{HAN}々]{{1,64}}|[{KATAKANA}]{{1,64}}|[{HIRAGANA}]{{1,64}})\Z")
_UNSPACED_LETTER = re.compile(f"[{KANA}{HAN}々]")
# The words that an address follows there; "@" after one of the others is a mention.
_ADDRESSED_BY = (
    "邮箱 郵箱 邮件 郵件 信箱 电邮 電郵 地址 账号 帳號 帐号 账户 帳戶 联系 聯繫 联络 聯絡 咨询 諮詢 回复 回覆 发送 發送"
    " 写信 寫信 注册 註冊"
)
_MENTIONED_BY = "关注 關注 我们 我們 微博 微信 推特 群里 群裡"
_BEFORE_NAME = re.compile(
    rf"(?:{_ADDRESSED_BY.replace(' ', '|')}|[是为為到至给給用找在叫向请請发發寄我的和与與或及])(?=..)"
)
_NO_NAME = re.compile(rf"(?:{f'{_ADDRESSED_BY} {_MENTIONED_BY}'.replace(' ', '|')})\Z")
_NAME_LIMIT, _NAME = 6, 4  # characters: what is longer is a sentence, of whose end a name is at most so much

_SIGN = re.compile(r"@|%40|&#64;|\ufe6b", re.IGNORECASE)
_SPELT = re.compile(r"\s?[\[({<【]\s?at\s?[\])}>】]\s?|\sat\s|\s?(?:艾特|圈[aA])\s?", re.IGNORECASE)
_DOT = r"(?:\.|\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?|\sdot\s|\s?[点點]\s?|。(?=(?:com|cn|net|org|edu)\b))"
_DOMAIN = re.compile(
    rf"[a-z0-9-]{{1,63}}(?:{_DOT}[a-z0-9-]{{1,63}}){{0,4}}?{_DOT}(?:[a-z]{{2,24}})(?![a-z0-9])", re.I | re.A
)
_LOCAL = re.compile(r"(?<![\w.+-])[\w+-][\w.+-]{0,63}(?:\s(?:dot|underscore|dash)\s[\w+-]{1,63}){0,3}\Z", re.I | re.A)
# "jane . doe @ example . com": blanks around each sign, as phones write them. Prose has dots and signs with blanks,
# too: only what is most common counts as the end of a domain then.
_SPACED_LOCAL = re.compile(r"(?<![\w.+-])[\w+-]{1,64}(?: ?\. ?[\w+-]{1,64}){0,4} {0,2}\Z", re.A)
_SPACED_DOMAIN = re.compile(
    r" {0,2}[A-Za-z0-9-]{1,63}(?: {0,2}\. {0,2}[A-Za-z0-9-]{1,63}){0,3} {0,2}\. {0,2}"
    r"(?:com|net|org|edu|gov|info|cn|tw|hk|jp|kr|de|at|ch|fr|es|it|nl|be|pl|pt|br|mx|uk|ie|ca|au|nz|us|eu|ru|io|dev)(?![\w-])",
    re.A,
)
_TOP = re.compile(r"\.(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})\Z", re.IGNORECASE)
_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|js|css|py)\Z", re.IGNORECASE)  # logo@2x.png
# Where people have their mail: "jo at gmail.com" is an address, "sold at shop.example" is none.
_PROVIDERS = re.compile(
    r"(?:gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|icloud|me|aol|proton|protonmail|gmx|web|mail|yandex|qq"
    r"|foxmail|163|126|139|189|sina|sohu|aliyun|yeah|pchome|hinet|orange|libero|t-online)[.\s点點\[({]",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"(?:e-?mail|mail|邮箱|郵箱|邮件|郵件|信箱|電郵|电邮|伊妹儿)(?:\s?address|地址|账号|帳號)?[\s:=]{0,3}(?:is|是|为|為|to|me)?[\s:=]{0,3}\Z",
    re.IGNORECASE,
)
# "look at shop dot example" names no one.
_NOBODY_NAMED = (
    "look looks looking us me you it shop shopping buy bought found find available visit see order ordered online site "
    "website store are is was be only sale sold page more here there stay work working works live arrive items"
)
_NOBODY = frozenset(_NOBODY_NAMED.split())


def find_emails(text: str) -> list[Find]:
    """Every address; what surrounds a sign is read within the limits of an address, so that time is linear."""
    finds: list[Find] = []
    for pattern, bounds in ((_SIGN, _find_written), (_SPELT, _find_spelt)):
        for match in pattern.finditer(text):
            done = finds[-1].end if finds and pattern is _SIGN else 0
            if (found := bounds(text, match.start(), match.end(), done)) and not (
                finds and pattern is _SPELT and any(f.start < found[1] and found[0] < f.end for f in finds[-8:])
            ):
                finds.append(Find(*found, "email"))
    return finds


def _find_written(text: str, start: int, end: int, done: int) -> tuple[int, int] | None:
    left = text[max(start - _LOCAL_LIMIT, done) : start]
    local = _find_local_part(left)
    right = text[end : end + _DOMAIN_LIMIT]
    domain = right[: len(right) - len(right.lstrip(_DOMAIN_CHARACTERS))]
    if local and domain:
        if full_stop := re.match(
            r"。(?:com|cn|net|org|edu)(?:\.cn)?(?![A-Za-z0-9])", right[len(domain) :], re.IGNORECASE
        ):
            return start - len(local), end + len(domain) + full_stop.end()
        domain = domain.rstrip(".-")
        if _TOP.search(domain) and ".." not in domain and not _FILE.search(domain):
            return start - len(local), end + len(domain)
    spelt = _find_spelt(text, start - (left[-1:] == " "), end + (right[:1] == " "), done)
    return spelt or _find_spaced(text, start, end, done)


def _find_spaced(text: str, start: int, end: int, done: int) -> tuple[int, int] | None:
    if text[start - 1 : start] == " " != text[end : end + 1]:
        return None  # a mention
    domain = _SPACED_DOMAIN.match(text, end, end + _DOMAIN_LIMIT)
    begins = max(start - 2 * _LOCAL_LIMIT, done)
    local = _SPACED_LOCAL.search(text[begins:start]) if domain else None
    if domain is None or local is None or local[0].strip().lower() in _NOBODY:
        return None
    return begins + local.start(), domain.end()


def _find_local_part(left: str) -> str:
    """The local part that a text ends in, in any script."""
    begins = len(left)
    while begins and _is_of_local_part(left[begins - 1]):
        begins -= 1
    local = left[begins:]
    return (_find_name(left[:begins]) + local if local[:1] in ("", ".", "_") else local).lstrip(".'")


def _is_of_local_part(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in _LOCAL_SIGNS
    letter = character.isalpha() or unicodedata.combining(character) != 0
    return letter and not _UNSPACED_LETTER.match(character)


def _find_name(text: str) -> str:
    """The name that a text in a script without spaces ends in."""
    match = _UNSPACED.search(text[-_LOCAL_LIMIT:])
    if match is None or _NO_NAME.search(match[0]):
        return ""
    begins = max((word.end() for word in _BEFORE_NAME.finditer(match[0])), default=0)
    name = match[0][begins:]
    return name if len(name) <= _NAME_LIMIT else name[-_NAME:]


def _find_spelt(text: str, start: int, end: int, done: int) -> tuple[int, int] | None:
    domain = _DOMAIN.match(text, end, end + _DOMAIN_LIMIT)
    if not domain:
        return None
    before = max(start - 2 * _LOCAL_LIMIT, done)
    local = _LOCAL.search(text[before:start])
    if not local:
        return None
    begins = before + local.start()
    word = local[0].lower()
    sure = _PROVIDERS.match(domain[0]) or _SAID.search(text[max(begins - 32, 0) : begins])
    bracketed = text[start:end].strip()[:1] in set("[({<【艾圈%&")
    spelt_dot = "." not in domain[0]
    if word in _NOBODY and not (_PROVIDERS.match(domain[0]) and bracketed):
        return None
    return (begins, domain.end()) if sure or bracketed or spelt_dot else None
