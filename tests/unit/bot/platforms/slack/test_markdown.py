import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.slack.markdown import SlackMarkdown, has_table, to_literal, to_slack

LINKS = frozenset({"https://a.example/x?a=1&b=2", "https://a.example/", "https://a.example/p.png"})


@pytest.mark.parametrize(
    ("markdown", "slack"),
    [
        ("AT&T < 5 > 3", "AT&amp;T &lt; 5 &gt; 3"),
        ("&lt;done&gt; &amp; more", "&lt;done&gt; &amp; more"),
        ("<!channel> <@U123>", "&lt;\u200b!channel&gt; &lt;@U123&gt;"),
        ("> quoted", "> quoted"),
        ("[label](https://a.example/x?a=1&b=2)", "[label](https://a.example/x?a=1&amp;b=2)"),
        ("<https://a.example/>", "[https://a.example/](https://a.example/)"),
        ("[label](https://b.example/)", "label"),
        ("See https://a.example/.", "See [https://a.example/](https://a.example/)."),
        ("See https://b.example/.", "See https:\u2060//b.\u2060example/."),
        ("a &copy; &#42;b&#42;", "a © \\*b\\*"),
        ("a &colon;&sol;&sol;", "a :\u2060//"),
        ("![a picture](https://a.example/p.png)", "[a picture](https://a.example/p.png)"),
        ("`a < b && c`", "`a &lt; b &amp;&amp; c`"),
        ("```\nx <!here> & y\n```", "```\nx &lt;\u200b!here&gt; &amp; y\n```"),
        ("**bold** [1]", "**bold** [1]"),
    ],
)
def test_markdown_becomes_what_slack_reads(markdown: str, slack: str) -> None:
    assert to_slack(markdown, LINKS) == slack


@given(
    st.lists(
        st.sampled_from(
            [*"ab<>&!@[]()`*_# \n>-.:/\\。（）请é；", "https://a.example/", "a.example", "&colon;", "**", "<!--"]
        ),
        max_size=60,
    ),
    st.integers(1, 7),
)
def test_a_text_fed_in_pieces_comes_out_as_the_whole_does(parts: list[str], size: int) -> None:
    text, links, translation = "".join(parts), frozenset({"https://a.example/", "a.example"}), SlackMarkdown()
    pieces = [translation.feed(text[start : start + size], links) for start in range(0, len(text), size)]
    assert "".join([*pieces, translation.finish(links)]) == to_slack(text, links)


@given(st.text(alphabet="U0<>&!@#|^channelhere \n`", max_size=80))
def test_no_control_sequence_of_slack_s_is_left(text: str) -> None:
    assert "<" not in to_slack(text)
    assert not {"<", ">", "\n"} & set(to_literal(text))


def test_a_table_is_recognised() -> None:
    assert has_table("| a | b |\n|---|---|\n| 1 | 2 |")
    assert not has_table("a | b\n\n- one\n- two")
