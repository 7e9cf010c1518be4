"""A small site of pages that are hard to show: long, hostile, or full of tables and code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.site import Site

CODE = "\n".join(f"step_{number:03}(speed={number}, mode='a & b < c')" for number in range(1, 261))
SENTENCES = [
    f"Rule {number:04} of the orchard says that row {number} is watered at hour {number % 24} & no sooner."
    for number in range(1, 241)
]
HOSTILE = (
    "Ring <!channel> and <!here> and <@U0BOT> and <!subteam^S1|all> and @everyone and @here at once. "
    "Also see [the prize](https://evil.example/prize) and https://evil.example/bare or "
    "<https://evil.example/mrkdwn|your bank>. Lanterns are lit at dusk."
)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _faq(*pairs: tuple[str, str]) -> str:
    items = "".join(f"<details><summary>{_escaped(q)}</summary><div>{a}</div></details>" for q, a in pairs)
    return f"<h1>Orchard</h1>{items}"


@contextmanager
def open_lore() -> Iterator[Site]:
    """The site, open on loopback."""
    links = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("rules", "tools", "lanterns", "pears"))
    paragraphs = "".join(
        f"<p>{_escaped(' '.join(SENTENCES[start : start + 6]))}</p>" for start in range(0, len(SENTENCES), 6)
    )
    table = "".join(f"<tr><td>box {size}</td><td>{size * 3} kg</td></tr>" for size in range(1, 6))
    with Site() as site:
        site.html("/", f"<h1>The orchard</h1><ul>{links}</ul>")
        site.html(
            "/rules",
            _faq(
                ("What are all the watering rules of the orchard?", paragraphs),
                ("Who wrote the rules of the orchard?", "<p>The gardener, in 1911.</p>"),
            ),
        )
        site.html(
            "/tools",
            _faq(
                (
                    "How heavy are the apple boxes?",
                    f"<table><thead><tr><th>Size</th><th>Weight</th></tr></thead><tbody>{table}</tbody></table>",
                ),
                ("How do I program the cider press?", f"<p>Run this:</p><pre><code>{_escaped(CODE)}</code></pre>"),
                (
                    "How do I start the chipper?",
                    "<p>Type this:</p><pre><code>chip --fast &amp;&amp; echo &lt;done&gt;</code></pre>",
                ),
                ("Is AT&T <b>coverage good in the barn?", "<p>Yes: 3 &lt; 5 bars &amp; rising &gt; 2.</p>"),
            ),
        )
        site.html(
            "/lanterns",
            _faq(
                ("When are the lanterns lit?", f"<p>{_escaped(HOSTILE)}</p>"),
                ("Who <!channel> keeps the lantern oil?", "<p>The <!here> porter keeps the oil.</p>"),
            ),
        )
        site.html(
            "/pears",
            _faq(
                ("How are pears pickled?", "<p>First they are washed in cold water, twice. KABOOM is next.</p>"),
                (
                    "What is the pear harvest month?",
                    "<p>" + "Pears are picked late in September by hand. " * 40 + "</p>",
                ),
            ),
        )
        yield site
