"""One module for each kind of FAQ markup. Each has `groups(page)`, which proposes groups of candidate pairs.

`MARKUPS` is the order they are tried in: what says most plainly that it is a question comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from retrieval.extraction.candidates import Group
from retrieval.extraction.markup import (
    bold,
    contents,
    definitions,
    disclosures,
    headings,
    items,
    labels,
    leads,
    microdata,
    named,
    numbered,
    repeated,
    tables,
    titles,
)
from retrieval.extraction.page import Page

MARKUPS: tuple[Callable[[Page], Iterable[Group]], ...] = (
    microdata.groups,
    disclosures.groups,
    tables.groups,
    named.groups,
    labels.groups,
    definitions.groups,
    contents.groups,
    headings.groups,
    items.groups,
    leads.groups,
    bold.groups,
    repeated.groups,
    numbered.groups,
    titles.groups,
)
