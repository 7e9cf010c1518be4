"""`make demo`: crawls the example shop over loopback HTTP, asks it questions and checks every answer.

Exits 0 when each question was decided as it should be and cites the page that holds its answer, else 1. On a terminal
it then offers the chat, and meanwhile shows the widget on the shop's pages. Everything it makes lies in var/demo; a
second run finds the site unchanged and takes seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text
from serve import DEFAULT_PORT, Site, serving

from bot.chat.conversation import Decision, IncomingMessage, Turn

DATA = Path(__file__).parent.parent / "var" / "demo"
FRONTDESK = [sys.executable, "-m", "bot.cli.main"]
PORTS = range(DEFAULT_PORT, DEFAULT_PORT + 10)


@dataclass(frozen=True)
class Expected:
    """A question of the demo and what must come of it; `page` is the path that one of the citations must lead to."""

    conversation: str
    question: str
    decision: Decision
    page: str = ""

    def fault(self, turn: Turn, site: str) -> str:
        """What is wrong with `turn`, in one line; empty when it is as it should be."""
        if turn.decision is not self.decision:
            return f"{turn.decision} (confidence {turn.confidence:.2f}), should be {self.decision}"
        pages = [citation.url.removeprefix(site).partition("#")[0] for citation in turn.citations]
        if self.page and self.page not in pages:
            return f"cites {', '.join(pages) or 'nothing'}, should cite {self.page}"
        return f"cites {', '.join(pages)}, should cite nothing" if pages and not self.page else ""


QUESTIONS = (
    Expected("greeting", "Hello!", Decision.CHITCHAT),
    Expected("english", "How do I send something back?", Decision.ANSWER, "/help/returns.html"),
    Expected("box", "Can I skip a month of the tea box?", Decision.ANSWER, "/help/subscription.html"),
    Expected("box", "And how do I cancel it?", Decision.ANSWER, "/help/subscription.html"),
    Expected("chinese", "如何退货？", Decision.ANSWER, "/zh/help/returns.html"),
    Expected("chinese", "那拆封的呢？", Decision.ANSWER, "/zh/help/returns.html"),
    Expected("paypal", "Do you have support for PayPal?", Decision.SUGGEST, "/help/payment.html"),
    Expected("paypal", "yes", Decision.CHITCHAT),
    Expected("german", "Wie kann ich etwas zurückschicken?", Decision.ANSWER, "/help/returns.html"),
    Expected("french", "Quels moyens de paiement acceptez-vous ?", Decision.ANSWER, "/help/payment.html"),
    Expected("spanish", "¿Cómo puedo pagar?", Decision.ANSWER, "/help/payment.html"),
    Expected("japanese", "支払い方法を教えてください", Decision.ANSWER, "/help/payment.html"),
    Expected("gbk", "能寄到中国吗？", Decision.ANSWER, "/zh/help/delivery.html"),
    Expected("big5", "忘記密碼怎麼辦？", Decision.ANSWER, "/tw/help/members.html"),
    Expected("clay", "Is the teapot dishwasher safe?", Decision.ANSWER, "/help/clay-care.html"),
    Expected("docs", "What does error code E2 of the kettle mean?", Decision.ANSWER, "/docs/ember-api.html"),
    Expected("unknown", "Do you sell concert tickets?", Decision.ABSTAIN),
    Expected("unknown-zh", "你们有没有实习机会？", Decision.ABSTAIN),
)


def open_shop(stack: contextlib.ExitStack, port: int | None) -> Site:
    """The example site, on `port` or on the first free one of PORTS, so that a second run finds the same URLs."""
    for candidate in PORTS if port is None else [port]:
        with contextlib.suppress(OSError):
            return stack.enter_context(serving(candidate))
    raise SystemExit("demo: the example site finds its port taken: name a free one with --port.")


def settle(data: Path) -> None:
    """Let nothing of the operator's own Frontdesk in: its own folder and database, no .env, only loopback allowed."""
    data.mkdir(parents=True, exist_ok=True)
    os.chdir(data)
    for key in [key for key in os.environ if key.startswith("FRONTDESK_")]:
        del os.environ[key]
    os.environ |= {
        "FRONTDESK_DATA_DIR": str(data),
        "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
        "FRONTDESK_CRAWL_DELAY": "0",
        "NO_PROXY": "127.0.0.1",
    }


def heading(console: Console, text: str) -> None:
    """A line that says what comes next."""
    console.print()
    console.rule(Text(text, style="bold"), align="left", style="dim")


def crawl(console: Console, site: Site) -> None:
    """`frontdesk crawl`, as an operator would run it. Leaves with its exit code if it fails."""
    heading(console, f"$ frontdesk crawl {site.url}/")
    console.file.flush()
    if code := subprocess.run([*FRONTDESK, "crawl", f"{site.url}/"]).returncode:
        raise SystemExit(code)


async def ask(console: Console, site: Site) -> list[str]:
    """Put every question to the application and show the answers; gives the faults."""
    from bot.app import open_application
    from bot.platforms.terminal.answers import AnswerPrinter

    heading(console, "$ frontdesk chat")
    faults = []
    run = uuid.uuid4().hex[:8]
    async with open_application() as application:
        await application.load_beside()
        for expected in QUESTIONS:
            console.print(Text(f"\n› {expected.question}", style="bold cyan"))
            message = IncomingMessage(f"demo-{run}-{expected.conversation}", expected.question)
            turn = await AnswerPrinter().show_answer(application.answer_pipeline.answer_message(message))
            if fault := expected.fault(turn, site.url):
                faults.append(f"{expected.question}: {fault}")
                console.print(Text(f"✗ {fault}", style="bold red"))
    return faults


@contextlib.contextmanager
def showing_widget(site: Site) -> Iterator[None]:
    """`frontdesk serve` for the shop's pages, which include the widget meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = {"FRONTDESK_WIDGET_ORIGINS": site.url, "FRONTDESK_PORT": port, "FRONTDESK_LOG_LEVEL": "ERROR"}
    with Path("serve.log").open("wb") as log:
        server = subprocess.Popen(
            [*FRONTDESK, "serve"],
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the chat is not for it
        )
    site.widget = f"http://127.0.0.1:{port}/widget/frontdesk.js"
    try:
        yield
    finally:
        site.widget = ""
        server.terminate()
        server.wait()


def offer_chat(console: Console, site: Site) -> None:
    """On a terminal, show the widget and go on with the chat until the visitor leaves."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    heading(console, "Your turn: ask the shop something, in any language (Ctrl-D leaves)")
    console.print(f"Or ask it in a browser, by the round button on its pages: {site.url}/")
    with showing_widget(site), contextlib.suppress(KeyboardInterrupt):
        subprocess.run([*FRONTDESK, "chat"])


def main() -> int:
    """Run the demo; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the data folder (default: var/demo, a folder a port)")
    parser.add_argument("--port", type=int, help=f"the shop's port (default: the first free one from {PORTS.start})")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    with contextlib.ExitStack() as stack:
        site = open_shop(stack, arguments.port)
        settle((arguments.data or DATA / site.url.rpartition(":")[2]).absolute())
        console.print(Text(f"Persimmon Lane, the example shop, is open at {site.url}/", style="bold"))
        crawl(console, site)
        faults = asyncio.run(ask(console, site))
        heading(console, f"{len(QUESTIONS) - len(faults)} of {len(QUESTIONS)} questions went as they should")
        for fault in faults:
            console.print(Text(f"✗ {fault}", style="red"))
        if not faults:
            offer_chat(console, site)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
