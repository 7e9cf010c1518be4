"""No text of a customer's or a page's steers a terminal, by whichever way it gets there."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest
from rich.console import Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text
from typer import echo

from bot.chat.conversation import Feedback, Vote
from bot.cli import output
from bot.cli.turns import Format, row_writer
from bot.platforms.terminal.printing import escaped_controls, safe_console
from tests.support.turns import make_turn

CLI = Path(output.__file__).parent
STEERING = [
    *(
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x1b]8;;https://evil.example\x1b\\",
        "\x1bP+q\x1b\\",
        "\x9b2J",
        "\x9d0;t\x9c",
    ),
    *("\x07", "\x08\x08", "\x7f", "\x0e", "\x1bc", "\x90", "\x00", "\x1b[31;1m"),
]
CONTROLS = {chr(code) for code in (*range(32), *range(127, 160))} - {"\n", "\t"}


def table(text: str) -> Table:
    made = Table(title=text)
    made.add_column(text)
    made.add_row(text)
    return made


@pytest.mark.parametrize("steering", STEERING)
def test_what_a_console_lays_out_holds_no_control_character(steering: str) -> None:
    text = f"before {steering} after"
    console = safe_console()
    console.file = out = io.StringIO()
    link = Text("words", Style(link=f"https://x.example/{steering}"))
    for shown in (text, Text(text), link, Markdown(text), Markdown(f"```\n{text}\n```"), table(text), Panel(text)):
        console.print(Group(shown))
        console.print(shown, style="bold", soft_wrap=True)
    assert "before" in out.getvalue() and not CONTROLS & set(out.getvalue())


@pytest.mark.parametrize("steering", STEERING)
def test_on_a_terminal_only_what_the_console_says_itself_is_obeyed(steering: str) -> None:
    def drawn(text: str) -> str:
        console = safe_console()
        console.file, console._force_terminal = io.StringIO(), True
        console.print(Text(text, "bold"), Text("words", Style(link=f"https://x.example/{text}")))
        return console.file.getvalue()

    assert steering not in drawn(f"a{steering}b")
    assert not {"\x07", "\x9b", "\x9d", "\x08", "\x00"} & set(drawn(f"a{steering}b"))


@pytest.mark.parametrize("steering", STEERING)
def test_lines_json_and_exports_hold_none_and_json_reads_back(
    steering: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"before {steering} after"
    output.print_line(text)
    output.print_json({"text": text})
    log = {each: io.StringIO(newline="") for each in Format}
    turn = make_turn(question=text, answer=text)
    for kind, stream in log.items():
        row_writer(stream, kind)(turn, [Feedback(turn.id, text, Vote.DOWN, text)])
    for printed in (capsys.readouterr().out, *(stream.getvalue() for stream in log.values())):
        assert "before" in printed and not CONTROLS - {"\r"} & set(printed)
    assert json.loads(escaped_controls(json.dumps([text], ensure_ascii=False))) == [text]
    assert json.loads(log[Format.JSONL].getvalue())["question"] == turn.question


def test_commands_print_by_what_is_safe_alone() -> None:
    """`typer.echo` is left to JSON, and to lines that hold nobody's words."""
    for path in sorted(CLI.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name != "print" and not name.endswith("rich.print"), f"{path.name}:{node.lineno}"
                assert name != "Console", f"{path.name}:{node.lineno}"
                if name in {"typer.echo", echo.__name__} and path.name not in {"output.py", "main.py", "vllm.py"}:
                    assert "json.dumps" in ast.unparse(node), f"{path.name}:{node.lineno}"
