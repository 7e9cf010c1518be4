import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack.markdown import SlackMarkdown, has_table, literal, to_slack


@pytest.mark.parametrize(
    ("markdown", "slack"),
    [
        ("AT&T < 5 > 3", "AT&amp;T &lt; 5 &gt; 3"),
        ("&lt;done&gt; &amp; more", "&lt;done&gt; &amp; more"),
        ("<!channel> <@U123>", "&lt;!channel&gt; &lt;@U123&gt;"),
        ("> quoted", "> quoted"),
        ("[label](https://a.example/x?a=1&b=2)", "[label](https://a.example/x?a=1&amp;b=2)"),
        ("<https://a.example/>", "https://a.example/"),
        ("![a picture](https://a.example/p.png)", "[a picture](https://a.example/p.png)"),
        ("`a < b && c`", "`a &lt; b &amp;&amp; c`"),
        ("```\nx <!here> & y\n```", "```\nx &lt;!here&gt; &amp; y\n```"),
        ("**bold** [1]", "**bold** [1]"),
    ],
)
def test_markdown_becomes_what_slack_reads(markdown: str, slack: str) -> None:
    assert to_slack(markdown) == slack


@given(st.text(alphabet="ab<>&!@[]()`*# \n>-.https:/", max_size=120), st.integers(1, 7))
def test_a_text_fed_in_pieces_comes_out_as_the_whole_does(text: str, size: int) -> None:
    translation = SlackMarkdown()
    pieces = [translation.feed(text[start : start + size]) for start in range(0, len(text), size)]
    assert "".join([*pieces, translation.finish()]) == to_slack(text)


@given(st.text(alphabet="U0<>&!@#|^channelhere \n`", max_size=80))
def test_no_control_sequence_of_slack_s_is_left(text: str) -> None:
    assert "<" not in to_slack(text)
    assert not {"<", ">", "\n"} & set(literal(text))


def test_a_table_is_recognised() -> None:
    assert has_table("| a | b |\n|---|---|\n| 1 | 2 |")
    assert not has_table("a | b\n\n- one\n- two")
