"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from retrieval.documents import Selectors

SinglePage = Annotated[bool, typer.Option("--page", help="Read this one page only, follow no links.")]
Name = Annotated[str, typer.Option(help="What to call it. Default: made from the location.")]
Prefix = Annotated[str, typer.Option(help="Only paths that begin so, e.g. /help/. Default: the start URL's folder.")]
MaxPages = Annotated[int | None, typer.Option(min=1, help="At most so many pages of this source.")]
MaxDepth = Annotated[int | None, typer.Option(min=0, help="Follow links at most so deep from the start.")]
ReadNoindex = Annotated[
    bool, typer.Option("--read-noindex", help="Read pages that ask not to be indexed too: for a site of your own.")
]
Render = Annotated[bool, typer.Option("--render", help="Read pages in a browser: for a site whose text scripts bring.")]
QuestionCss = Annotated[str, typer.Option(help="CSS selector of a question, for markup no general rule reads.")]
AnswerCss = Annotated[str, typer.Option(help="CSS selector of an answer; goes with --question-css.")]
ItemCss = Annotated[str, typer.Option(help="CSS selector of the element around one pair.")]
Force = Annotated[
    bool,
    typer.Option("--force", help="Activate even when much of the knowledge would vanish, or golden questions be lost."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def read_selectors(question: str, answer: str, item: str) -> Selectors | None:
    """Selectors from three options. Raises InputError when only a part of them is given."""
    from bot.errors import InputError
    from retrieval.documents import Selectors

    if not (question or answer or item):
        return None
    if not (question and answer):
        raise InputError(
            "Custom selectors need both --question-css and --answer-css (and --item-css if pairs are boxed)."
        )
    return Selectors(question, answer, item)
