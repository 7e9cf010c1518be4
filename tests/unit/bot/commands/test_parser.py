"""Commands as people type them, on whatever keyboard."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.commands import COMMANDS
from bot.commands.parser import Call
from bot.commands.parser import read_line as read_line_of
from bot.commands.registry import Kind
from bot.errors import InputError


def read_line(text: str) -> Call:
    return read_line_of(text, COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_parses_from_its_own_usage(name: str) -> None:
    command = COMMANDS[name]
    line = re.sub(r" …\]", " value]", command.usage).removeprefix("/faq ")
    call = read_line(re.sub(r"[<>\[\]]", "", line))
    assert call.name == name
    assert set(call.options) == {each.name for each in command.parameters}
    for each in command.parameters:
        if each.kind is Kind.FLAG or each.named:
            assert call.options[each.name] == (True if each.kind is Kind.FLAG else "value")


@pytest.mark.parametrize("name", COMMANDS)
def test_what_may_be_left_out_is_not_missed(name: str) -> None:
    needed = [each.name for each in COMMANDS[name].parameters if each.required and each.kind is not Kind.FLAG]
    assert set(read_line(" ".join([name, *needed])).options) == set(needed)
    if needed:
        with pytest.raises(InputError, match=re.escape(COMMANDS[name].usage)):
            read_line(" ".join([name, *needed[:-1]]))


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("", Call("help")),
        ("   ", Call("help")),
        ("RECRAWL", Call("recrawl")),
        ("refresh shop", Call("recrawl", {"source": "shop"})),
        ("recrawl --force --dry-run", Call("recrawl", {"force": True, "dry-run": True})),
        ("recrawl —force", Call("recrawl", {"force": True})),
        ("recrawl –dry-run shop", Call("recrawl", {"dry-run": True, "source": "shop"})),
        ("sources list", Call("sources")),
        ("taught list", Call("taught")),
        ("glossary list --source shop", Call("glossary", {"source": "shop"})),
        ("glossary add AP = access point", Call("glossary add", {"terms": "AP = access point"})),
        (
            "glossary add Zorbi; 扫地机器人 --source shop",
            Call("glossary add", {"terms": "Zorbi; 扫地机器人", "source": "shop"}),
        ),
        ("glossary remove access point", Call("glossary remove", {"entry": "access point"})),
        ("learned list", Call("learned")),
        ("learned remove 0a1b", Call("learned remove", {"id": "0a1b"})),
        ("taught list review", Call("taught", {"state": "review"})),
        ("taught review", Call("taught", {"state": "review"})),
        ("quiet", Call("channel quiet", {"state": "on"})),
        ("quiet off", Call("channel quiet", {"state": "off"})),
        ("channel help on <#C1|general>", Call("channel help", {"state": "on", "channel": "C1"})),
        ("channel help off <#123>", Call("channel help", {"state": "off", "channel": "123"})),
        ("admins add <@U1|ann>", Call("admins add", {"user": "U1"})),
        ("admins add <@U1>", Call("admins add", {"user": "U1"})),
        ("admins remove <@!12>", Call("admins remove", {"user": "12"})),
        ("sources add <https://x.example/faq>", Call("sources add", {"url": "https://x.example/faq"})),
        ("sources add <https://x.example|x.example>", Call("sources add", {"url": "https://x.example"})),
        ('sources add u --name "my shop"', Call("sources add", {"url": "u", "name": "my shop"})),
        ("sources add u —name “my shop”", Call("sources add", {"url": "u", "name": "my shop"})),
        ("sources add u --prefix=/FAQ/A", Call("sources add", {"url": "u", "prefix": "/FAQ/A"})),
        ("sources add u --name Shop --page", Call("sources add", {"url": "u", "name": "Shop", "page": True})),
        ("sources add u --NAME shop", Call("sources add", {"url": "u", "name": "shop"})),
        ("gaps --days 30", Call("gaps", {"days": "30"})),
        ("explain it's", Call("explain", {"answer": "it's"})),
        ("sources remove 商店", Call("sources remove", {"source": "商店"})),
        ("sources remove \u202eshop", Call("sources remove", {"source": "\u202eshop"})),
    ],
)  # fmt: skip
def test_what_people_type_is_understood(line: str, call: Call) -> None:
    assert read_line(line) == call


@pytest.mark.parametrize(
    "line",
    [
        "dance",
        "🕺",
        "\0",
        "''",
        "sources dance with me",
        "recrawl --now",
        "recrawl --",
        "recrawl —",
        "recrawl shop wiki",
        "status please",
        "sources add",
        "sources add u --name",
        "sources add u --name --page",
        "gaps --days",
        "gaps --days=",
        "x" * 100_000,
        "recrawl --" + "x" * 100_000,
        "recrawl a " + "b" * 100_000,
        "\u202e\u202d recrawl",
        "'unclosed",
    ],
)
def test_what_is_not_understood_is_said_with_its_mend_in_a_line(line: str) -> None:
    with pytest.raises(InputError) as caught:
        read_line(line)
    assert "/faq" in str(caught.value)
    assert len(str(caught.value)) < 300


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(), st.lists(st.sampled_from([*COMMANDS, "--force", "—", "<@U1>", "'", "“", "a"])).map(" ".join))
)
def test_any_text_is_a_command_or_an_input_error(text: str) -> None:
    try:
        call = read_line(text)
    except InputError:
        return
    assert call.name in COMMANDS
