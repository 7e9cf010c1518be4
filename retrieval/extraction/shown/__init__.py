"""What a browser shows of a page, brought into the page's tree: afterwards an element's text is what a reader reads.

Each module does one kind of thing and changes the tree in place. The order matters: text is settled before what is
said of it, and line ends come last.
"""

from __future__ import annotations

from bs4 import BeautifulSoup

from retrieval.extraction.shown.addresses import reveal_addresses
from retrieval.extraction.shown.lines import join_lines
from retrieval.extraction.shown.media import describe_media
from retrieval.extraction.shown.never_shown import mark_never_shown
from retrieval.extraction.shown.overlays import place_overlays
from retrieval.extraction.shown.raised import write_raised_figures
from retrieval.extraction.shown.ruby import remove_readings
from retrieval.extraction.shown.shadow import open_shadow_roots
from retrieval.extraction.shown.spoken import choose_spoken_forms
from retrieval.extraction.shown.tabs import label_tabs
from retrieval.extraction.shown.twice_escaped import unescape_text


def show_as_read(soup: BeautifulSoup) -> None:
    """Bring everything that is shown into the tree as text. Scripts and styles must still stand in it."""
    open_shadow_roots(soup)
    unescape_text(soup)
    reveal_addresses(soup)
    mark_never_shown(soup)
    remove_readings(soup)
    choose_spoken_forms(soup)
    write_raised_figures(soup)
    describe_media(soup)
    place_overlays(soup)
    label_tabs(soup)
    join_lines(soup)
