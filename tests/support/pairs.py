"""A small site with two products whose help pages answer the same questions, so that the bot has to ask back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.site import Site

KETTLE, LAMP = "How do I reset the Ember kettle?", "How do I reset the Frost lamp? @everyone <!channel>"
VAGUE = "How do I reset it?"
_PRODUCTS = {
    "/kettle": (
        "Ember kettle",
        (KETTLE, "Hold the red lever for nine seconds until the water light blinks."),
        ("How often is the Ember kettle descaled?", "Every two months, with citric acid."),
    ),
    "/lamp": (
        "Frost lamp",
        (LAMP, "Unplug the lamp, wait for a minute and turn the knob twice to the left."),
        ("Which bulb fits the Frost lamp?", "Any bulb with an E14 socket."),
    ),
}


@contextmanager
def open_pairs() -> Iterator[Site]:
    """The site, open on loopback."""
    with Site() as site:
        links = "".join(f'<li><a href="{path}">{name}</a></li>' for path, (name, *_) in _PRODUCTS.items())
        site.html("/", f"<h1>Help</h1><ul>{links}</ul>")
        for path, (name, *pairs) in _PRODUCTS.items():
            shown = [(question.replace("<", "&lt;").replace(">", "&gt;"), answer) for question, answer in pairs]
            items = "".join(f"<details><summary>{q}</summary><div><p>{a}</p></div></details>" for q, a in shown)
            site.html(path, f"<h1>{name}</h1>{items}")
        yield site
