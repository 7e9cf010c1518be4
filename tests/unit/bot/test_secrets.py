"""Secrets that customers paste are masked; what only speaks of them is not."""

from __future__ import annotations

import random
import string
import subprocess
import sys
from collections.abc import Callable

import pytest

from bot.masking import Masker

MASKER = Masker()
RANDOM = random.Random(3)
WORDLY, HEX = string.ascii_letters + string.digits, "0123456789abcdef"


def some(length: int, letters: str = WORDLY) -> str:
    return "".join(RANDOM.choices(letters, k=length))


MADE: dict[str, Callable[[], str]] = {
    "AWS": lambda: RANDOM.choice(("AKIA", "ASIA")) + some(16, string.ascii_uppercase + "234567"),
    "GitHub": lambda: f"gh{RANDOM.choice('pousr')}_{some(36)}",
    "GitHub, fine-grained": lambda: f"github_pat_{some(22)}_{some(59)}",
    "Frontdesk": lambda: f"fdk_{some(10, HEX)}_{some(43, WORDLY + '_-')}",
    "GitLab": lambda: f"glpat-{some(20)}",
    "Slack": lambda: f"xox{RANDOM.choice('bpars')}-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}",
    "Slack, app": lambda: f"xapp-1-A{some(10, string.digits)}-{some(13, string.digits)}-{some(64, HEX)}",
    "Slack, webhook": lambda: f"https://hooks.slack.com/services/T{some(8)}/B{some(8)}/{some(24)}",
    "Stripe": lambda: f"{RANDOM.choice('srp')}k_{RANDOM.choice(('live', 'test'))}_{some(24)}",
    "Stripe, webhook": lambda: f"whsec_{some(32)}",
    "OpenAI": lambda: f"sk-proj-{some(48)}",
    "Anthropic": lambda: f"sk-ant-api03-{some(93)}",
    "Google": lambda: f"AIza{some(35)}",
    "Discord": lambda: f"M{some(23)}.{some(6)}.{some(27)}",
    "Twilio": lambda: f"SK{some(32, HEX)}",
    "SendGrid": lambda: f"SG.{some(22)}.{some(43)}",
    "Telegram": lambda: f"{some(9, '123456789')}:AA{some(33)}",
    "npm": lambda: f"npm_{some(36)}",
    "PyPI": lambda: f"pypi-AgEIcHlwaS5vcmc{some(60)}",
    "Hugging Face": lambda: f"hf_{some(34)}",
    "JSON Web Token": lambda: f"eyJhbGciOiJIUzI1NiJ9.eyJ{some(40)}.{some(43)}",
    "private key": lambda: f"-----BEGIN RSA PRIVATE KEY-----\n{some(64)}\n{some(64)}\n-----END RSA PRIVATE KEY-----",
    "private key, cut": lambda: f"-----BEGIN OPENSSH PRIVATE KEY-----\n{some(64)}\n{some(60)}",
}
AROUND = ("{}", "my key is {}", "it says {} is invalid", "密钥：{}，请看", 'key="{}"', "({})", "header X: {}\nand more")


@pytest.mark.parametrize("maker", MADE)
def test_a_key_is_masked_whatever_stands_around_it(maker: str) -> None:
    for _ in range(5):
        for around in AROUND:
            key = MADE[maker]()
            masked = MASKER.mask(around.format(key))
            assert "[secret]" in masked and not any(part in masked for part in key.split() if len(part) > 11), masked
            assert MASKER.mask(masked) == masked
            if maker != "private key, cut":
                assert masked.replace("[secret]", "") == around.format("")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("my password is hunter2", "my password is [secret]"),
        ("Password: Tr0ub4dor&3, what now?", "Password: [secret], what now?"),
        ("password=correcthorse", "password=[secret]"),
        ('{"password": "let me in"}', '{"password": "let me in"}'),
        ('api_key: "9f8e7d6c5b4a"', 'api_key: "[secret]"'),
        ("API key = 9f8e7d6c5b4a.", "API key = [secret]."),
        ("client_secret=abc~DEF;tenant=1", "client_secret=[secret];tenant=1"),
        ("密码是abc12345，登不上", "密码是[secret]，登不上"),
        ("密碼：Abc12345", "密碼：[secret]"),
        ("mein Passwort ist geheim1!", "mein Passwort ist [secret]!"),
        ("postgres://app:s3cr3t@db.example.com:5432/shop", "postgres://app:[secret]@db.example.com:5432/shop"),
        ("mongodb+srv://u:p%40ss@c0.example.net", "mongodb+srv://u:[secret]@c0.example.net"),
        ("redis://:hunter2@cache:6379", "redis://:[secret]@cache:6379"),
        ("Server=db;User Id=sa;Password=Pa55;Encrypt=true", "Server=db;User Id=sa;Password=[secret];Encrypt=true"),
        ("Authorization: Bearer 6f1ed002ab5595859014ebf0951522d9", "Authorization: Bearer [secret]"),
        ("Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1lMQ==", "Authorization: Basic [secret]"),
        ("curl -H 'Authorization: token 0123456789abcdef0123'", "curl -H 'Authorization: token [secret]'"),
        ("卡背面的安全码是 384", "卡背面的安全码是 [secret]"),
        ("my PIN is 1234 and the CVV: 123", "my PIN is [secret] and the CVV: [secret]"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB", "-----BEGIN PUBLIC KEY-----\nMIIB"),
    ],
)
def test_a_password_is_masked_and_what_introduces_it_stays(text: str, masked: str) -> None:
    assert MASKER.mask(text) == masked
    assert MASKER.mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my password: what should I do?",
        "My password is not working",
        "the password is incorrect, or case-sensitive",
        "Is the password at least 8 characters long?",
        "password: reset, change and recover",
        "密码是多少？",
        "密码是8位吗",
        "The token is expired and the secret is out",
        "How do I get an API key?",
        "api key: where is it",
        "Error 401: bearer token missing",
        "a bearer of good news, and a basic misunderstanding",
        "https://shop.example/a:b@c?x=1",
        "see https://shop.example/orders/12:30",
        "What is the pin code 851133 for delivery?",
        "ghp_ and xoxb- are what they begin with",
        "order AKIA-100 and model sk-1200",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "550e8400-e29b-41d4-a716-446655440000",
        "password reset link: https://shop.example/reset?id=12",
    ],
)
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    assert MASKER.mask(text) == text


WORDS = ("password", "Passwort", "Kennwort", "passphrase", "pwd", "contraseña", "mot de passe", "senha")
UNSPACED_WORDS = ("密码", "密碼", "口令", "パスワード", "비밀번호")
SENTENCES = ("my {} {} does not work", "the {} {}, is it wrong?", "{} {}", "with {} {}.\nThanks", "({} {})")
SIGNS = "@#$%^&*+=~"


@pytest.mark.parametrize("word", (*WORDS, *UNSPACED_WORDS))
def test_a_password_right_behind_its_word_is_masked_whatever_is_said_around_it(word: str) -> None:
    joints = ("", " ", "  ") if word in UNSPACED_WORDS else (" ", "  ")
    for sentence in (*SENTENCES, "我的{} {}登不上"):
        for joint in joints:
            for _ in range(4):
                value = (
                    some(2, string.ascii_letters) + RANDOM.choice(string.digits + SIGNS) + some(RANDOM.randint(3, 20))
                )
                masked = MASKER.mask(sentence.replace("{} {}", "{}" + joint + "{}").format(word, value))
                assert masked == sentence.replace("{} {}", "{}" + joint + "{}").format(word, "[secret]"), value
                assert MASKER.mask(masked) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("my password hunter2zz does not work", "my password [secret] does not work"),
        ("the password Zq9xkPW1 is not accepted", "the password [secret] is not accepted"),
        ("log in with user bob / Zq9xkPW6!", "log in with user bob / [secret]!"),
        ("Username: bob/Zq9xkPW6", "Username: bob/[secret]"),
        ("账号 bob / Zq9xkPW6，登不上", "账号 bob / [secret]，登不上"),
        ("password “hun!ter” fails", "password “[secret]” fails"),
    ],
)
def test_a_password_in_a_sentence_is_masked(text: str, masked: str) -> None:
    assert MASKER.mask(text) == masked
    assert MASKER.mask(masked) == masked


@pytest.mark.parametrize("word", (*WORDS, *UNSPACED_WORDS))
@pytest.mark.parametrize(
    "after",
    [
        *(
            "reset",
            "does not work",
            "2-factor",
            "30days",
            "8-16 characters",
            "wi-fi",
            "can't be changed",
            "@annika said",
        ),
        *("reset/change", "page /reset/2fa", "login2.shop.example", "https://a1b2.example/", "v1.2.3", "10000000"),
        *("12 months", "and/or PIN", "COVID-19", "(forgotten)", "e-mail!", "*important*", "?!?!?!", "2FA", "[secret]"),
    ],
)
def test_what_is_said_right_behind_the_word_is_no_password(word: str, after: str) -> None:
    assert MASKER.mask(f"my {word} {after}") == f"my {word} {after}"


@pytest.mark.parametrize(
    "text",
    ["user guide / iPhone14", "user manual/Windows11", "users and/or admins2go", "login / register", "user a / 30days"],
)
def test_what_a_slash_divides_is_no_password(text: str) -> None:
    assert MASKER.mask(text) == text


LABELS = (
    *("password:", "Password: ", "PASSWORD = ", "passwort: ", "Kennwort:  ", "pwd: ", "passcode: "),
    *("contraseña: ", "mot de passe : ", "senha: ", "密码：", "密碼: ", "口令＝", "パスワード：", "비밀번호: "),
)
ALONE = (
    "{}",
    "{}.",
    "{}\nThank you!",
    "user: bob\n{}",
    "user: bob, {}",
    "{}, user: bob",
    "{}; e-mail=x",
    "({})",
    "my {}!",
)


@pytest.mark.parametrize("label", LABELS)
def test_a_password_of_letters_is_masked_where_it_stands_alone_behind_its_label(label: str) -> None:
    for around in ALONE:
        for _ in range(3):
            value = some(RANDOM.randint(6, 30), string.ascii_letters)
            masked = MASKER.mask(around.format(label + value))
            assert masked == around.format(label + "[secret]"), (around, label, value)
            assert MASKER.mask(masked) == masked


@pytest.mark.parametrize("label", [label for label in LABELS if label != "口令＝"])  # behind a mere "=" stands a value
@pytest.mark.parametrize(
    "after",
    [
        *("where do I change it?", "forgotten?", "forgotten what now", "change, reset and recover", "reset\tit please"),
        *("", "\nUsername", "忘记了怎么办", "wie ändere ich es", "none", "https://shop.example/reset", "Größe"),
    ],
)
def test_what_is_said_behind_a_label_is_no_password(label: str, after: str) -> None:
    assert MASKER.mask(label + after) == label + after


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"password": "correcthorse", "user": "bob"}', '{"password": "[secret]", "user": "bob"}'),
        ("{'password': 'hunter22'}", "{'password': '[secret]'}"),
        ('"api_key": "9f8e7d6c5b4a"', '"api_key": "[secret]"'),
        ("season pass: refund", "season pass: refund"),
        ("token: expired", "token: expired"),
    ],
)
def test_pairs_in_quotes_are_pairs_and_other_words_need_more_than_letters(text: str, masked: str) -> None:
    assert MASKER.mask(text) == masked


@pytest.mark.parametrize("gap", ["  ", "   ", "\n", " \n", "\r\n", "\t", "\u3000", "\n\n"])
@pytest.mark.parametrize(
    "card", ["4111 1111 1111 1111", "5500 0000 0000 0004", "3782 822463 10005", "6222 0212 3456 7890 128"]
)
def test_a_card_is_masked_in_whichever_pieces_it_was_copied(card: str, gap: str) -> None:
    from stdnum import luhn

    plain = card.replace(" ", "")[:-1]
    card = card[:-1] + luhn.calc_check_digit(plain)
    assert MASKER.mask(f"it is {card.replace(' ', gap)} until 2027") == "it is [card] until 2027"
    wrong = card[:-1] + str((int(card[-1]) + 5) % 10)
    assert "[card]" not in MASKER.mask(f"rows {wrong.replace(' ', gap)} end")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("jane . doe @ example . com", "[email]"),
        ("write to jane @ example . com please", "write to [email] please"),
        ("jane.doe @ example. co. uk!", "[email]!"),
        ("jane@ example .de", "[email]"),
        ("jane at example dot com", "[email]"),
        ("meet me @ noon . Then we go", "meet me @ noon . Then we go"),
        ("2 @ 5 . 50 each", "2 @ 5 . 50 each"),
        ("see you @ shop . de", "see you @ shop . de"),
        ("thanks @ann . It works", "thanks @ann . It works"),
        ("look at this. dot com was a boom", "look at this. dot com was a boom"),
    ],
)
def test_an_address_with_blanks_in_it_is_masked(text: str, masked: str) -> None:
    assert MASKER.mask(text) == masked


def test_looking_for_secrets_loads_nothing_heavy() -> None:
    script = "import sys, bot.masking as m; m.Masker().mask('my password is hunter2'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"phonenumbers", "stdnum", "detect_secrets"} & set(loaded)
