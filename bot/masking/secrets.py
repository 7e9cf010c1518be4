"""Secrets that people paste: keys and tokens by the form that their makers gave them, passwords by the word before.

The forms are those that gitleaks (https://github.com/gitleaks/gitleaks, MIT) and detect-secrets
(https://github.com/Yelp/detect-secrets, Apache-2.0) publish. Neither is a dependency: the one is a program in Go, the
other loads dozens of plugins for files of source code, and takes every random-looking string for a secret.
"""

from __future__ import annotations

import re

from bot.masking.reading import Find

_AHEAD, _BEHIND = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
# Each begins with what its maker writes before nothing else, and is bounded: a search goes over a text once.
_TOKENS = (
    r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",  # AWS
    r"gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_[0-9A-Za-z_]{22,255}",
    r"gl(?:pat|dt|ptt|rt|soat|ft)-[0-9A-Za-z_-]{20,100}",  # GitLab
    r"xox[abeoprs]-[0-9A-Za-z-]{10,250}|xapp-[0-9]-[0-9A-Za-z]{1,30}-[0-9]{1,30}-[0-9a-f]{1,100}",  # Slack
    r"fdk_[0-9a-f]{10}_[0-9A-Za-z_-]{43}",  # Frontdesk's own
    r"[srp]k_(?:test|live|prod)_[0-9A-Za-z]{10,250}|whsec_[0-9A-Za-z+/]{24,100}",  # Stripe
    r"sk-(?:ant-|proj-|svcacct-|admin-|or-)?[0-9A-Za-z_-]{20,250}",  # OpenAI, Anthropic, OpenRouter
    r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,250}|GOCSPX-[0-9A-Za-z_-]{28}",  # Google
    r"[MNO][0-9A-Za-z_-]{23,27}\.[0-9A-Za-z_-]{6}\.[0-9A-Za-z_-]{27,38}",  # Discord
    r"(?:AC|SK)[0-9a-f]{32}",  # Twilio
    r"SG\.[0-9A-Za-z_-]{16,32}\.[0-9A-Za-z_-]{32,64}",  # SendGrid
    r"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}",  # Telegram
    r"npm_[0-9A-Za-z]{36}|pypi-[0-9A-Za-z_-]{50,250}|hf_[0-9A-Za-z]{30,40}|dckr_pat_[0-9A-Za-z_-]{27}",
    r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}|do[opr]_v1_[0-9a-f]{64}|sq0[a-z]{3}-[0-9A-Za-z_-]{22,50}",
    r"eyJ[0-9A-Za-z_-]{10,2000}\.eyJ[0-9A-Za-z_-]{10,4000}(?:\.[0-9A-Za-z_-]{0,1000})?",  # JSON Web Tokens
)
_TOKEN = re.compile(_AHEAD + "(?:" + "|".join(_TOKENS) + ")" + _BEHIND)
_WEBHOOK = re.compile(
    r"https://(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks)/[0-9A-Za-z_/+-]{20,200}"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN[ A-Z0-9]{0,40} ?PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[ A-Z0-9]{0,60}-----|\Z)", re.DOTALL
)
# Of an address, what stands between its user and its host.
_IN_ADDRESS = re.compile(r"://[^\s/:@\[\]]{0,100}:(?P<secret>[^\s/@\[\]]{1,200})@(?=[0-9A-Za-z\[])")
_HEADER = re.compile(
    rf"{_AHEAD}(?:bearer|basic|token)\s{{1,3}}(?P<secret>(?=[^\s]{{0,200}}[0-9])[0-9A-Za-z._~+/=-]{{16,2000}})", re.I
)
# What a word introduces. The words of prose are many after "is"; a value is what no word is: with a digit or a sign
# in it. Where "=" joins them, anything is one.
_WORDS = (
    r"pass(?:word|wort|wd|phrase|code)?|pwd|contraseña|mot\sde\spasse|senha|kennwort"
    r"|(?:secret|private|api|access|account|shared\s?access|auth|encryption|license|licence)[\s_-]?(?:key|token)"
    r"|(?:client|app|webhook|signing|consumer)[\s_-]?secret|secret|token|密码|密碼|口令|密钥|密鑰|令牌|パスワード|비밀번호"
)
_SAID = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_WORDS})[\"'`]?"
    r"(?P<link>\s{0,2}(?:=|:|->|=>)\s{0,2}|\s{1,2}(?:is|was|ist|es|est)\s{1,2}(?::\s{0,2})?|\s{0,2}(?:是|为|為|は)\s{0,2}:?\s{0,2})"
    r"(?P<quote>[\"'`]?)(?P<secret>[!-~]{4,200})",
    re.IGNORECASE,
)
# A password of letters alone is told from prose by standing alone: a label, and behind it one word, with which the
# line ends or after which the next label comes. A question mark is no password's end.
_PASSWORDS = (
    r"pass(?:word|wort|wd|phrase|code)|pwd|contraseña|mot\sde\spasse|senha|kennwort|密码|密碼|口令|パスワード|비밀번호"
)
_LABELLED = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_PASSWORDS})[\"'`]?[ \t]{{0,2}}[:=][ \t]{{0,2}}[\"'`]?(?P<secret>[A-Za-z]{{6,200}})"
    r"(?=[\"'`.!)\]}>]{0,4}[ \t]{0,4}(?:[\r\n]|\Z|[,;|/][ \t]{0,2}[\"'`]?\w[\w -]{0,30}[\"'`]?[ \t]?[:=]))",
    re.IGNORECASE,
)
# And with nothing between but a blank: then it is no address or path, and no word, but letters with digits or signs.
# So is what stands behind a user's name and a slash, which says less, so that more is asked of it.
_SIGNS = "!@#$%^&*+=~"
_BARE = (
    rf"[\"'`(“‘「]?(?P<secret>(?!@)[A-Za-z0-9_{re.escape(_SIGNS)}]{{6,200}})"
    r"(?=[.,;:?\"'`)\]}>]{0,4}(?:\s|\Z|[^\x00-\x7f]))"
)
_FOLLOWING = re.compile(rf"(?<![A-Za-z0-9])(?:{_PASSWORDS})(?:[ \t]{{1,2}}|(?<=[^\x00-\x7f])){_BARE}", re.IGNORECASE)
_USERS = (
    r"user(?:[\s-]?name|[\s-]?id)?|log-?in|benutzer(?:name)?|usuario|utilisateur|usuário"
    r"|用户名?|用戶名?|账号|帳號|ユーザー名?|사용자"
)
_AFTER_USER = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_USERS})[ \t]{{0,2}}[:=]?[ \t]{{0,2}}[!-.0-~]{{1,64}}[ \t]{{0,2}}/[ \t]{{0,2}}{_BARE}",
    re.IGNORECASE,
)
_DIGIT_FIRST = re.compile(r"[0-9][A-Za-z]")
_COUNTED = re.compile(r"[0-9]{1,3}[A-Za-z]+")  # "30days"
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?:pin(?:\snumber)?|cvv2?|cvc2?|security\scode|安全码|安全碼)(?:\s{0,2}[:=]\s{0,2}|\s{1,2}(?:is|was)\s{1,2}|\s{0,2}[是为為]\s{0,2}|\s)"
    r"(?P<secret>[0-9]{3,8})(?![.,%-]{0,2}[0-9A-Za-z%])",
    re.IGNORECASE,
)
_ENDS = ".,;:!?\"'`)]}>"  # of a sentence or a quotation, and of no password
_COMPOUND = re.compile(r"[A-Za-z]+(?:[-'/.,][A-Za-z]+)+")  # "case-sensitive", "and/or"
_LEAST = 6  # characters of a password that prose could be


def find_secrets(text: str) -> list[Find]:
    """Every secret, without the word that introduces it and the address that it stands in."""
    whole = (match.span() for form in (_PRIVATE_KEY, _WEBHOOK, _TOKEN) for match in form.finditer(text))
    parts = (match.span("secret") for form in (_IN_ADDRESS, _HEADER, _CODE, _LABELLED) for match in form.finditer(text))
    finds = [Find(*span, "secret") for spans in (whole, parts) for span in spans]
    for match in _SAID.finditer(text):
        start = match.start("secret")
        value = match["secret"]
        value = value.partition(match["quote"])[0] if match["quote"] else value.partition(";")[0].rstrip(_ENDS)
        if _is_secret(value, joined=match["link"] == "="):
            finds.append(Find(start, start + len(value), "secret"))
    for form, mixed in ((_FOLLOWING, False), (_AFTER_USER, True)):
        for match in form.finditer(text):
            start, value = match.start("secret"), match["secret"].rstrip(_ENDS)
            if _is_bare_secret(value, mixed=mixed):
                finds.append(Find(start, start + len(value), "secret"))
    return finds


def _is_secret(value: str, *, joined: bool) -> bool:
    """Whether what a word introduces is a secret, and no word itself; `joined` to it by "=" alone, it is."""
    if value[:1] in "[<{" or "://" in value:  # a mask, a place for one, an address
        return False
    if joined:
        return len(value) >= 4
    digit, letter = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    sign = any(not each.isalnum() for each in value.strip("*-_'’/.,"))
    return len(value) >= _LEAST and (digit or (sign and letter and not _COMPOUND.fullmatch(value)))


def _is_bare_secret(value: str, *, mixed: bool) -> bool:
    """Whether a word is a password by its letters and digits, or the signs within it; `mixed`: only where digits or
    signs stand before letters, as in no name of a model."""
    if len(value) < _LEAST or _COUNTED.fullmatch(value) or not any(map(str.isalpha, value)):
        return False
    within = value.strip(_SIGNS)
    signs = any(sign in within for sign in _SIGNS)
    if mixed:
        return signs or bool(_DIGIT_FIRST.search(value))
    return signs or any(map(str.isdigit, value))
