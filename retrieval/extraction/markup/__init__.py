"""One module for each kind of FAQ markup. Each has `find_groups(page)`, which proposes groups of candidate pairs.

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
    microdata.find_groups,
    disclosures.find_groups,
    tables.find_groups,
    named.find_groups,
    labels.find_groups,
    definitions.find_groups,
    contents.find_groups,
    headings.find_groups,
    items.find_groups,
    leads.find_groups,
    bold.find_groups,
    repeated.find_groups,
    numbered.find_groups,
    titles.find_groups,
)
