"""Which of the passages found are close enough to a question to be worth a customer's look."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from retrieval.documents import RetrievalResult
from retrieval.text.analysis import analyse_text

# A title is close when it holds this share of the question's terms, weighed by how rare they are in what was found.
CLOSE = 0.5
# … and its score lies within this of the first. Fused scores are log odds within a query (see searching.fusion).
REACH = 5.0


def find_related(question: str, result: RetrievalResult, *, limit: int, after: int = 0) -> Sequence[int]:
    """The 1-based ranks, best first, of at most `limit` close passages below rank `after`, no page or title twice."""
    documents = [scored.passage.document for scored in result.passages]
    titles = [set(analyse_text(document.question)) for document in documents]
    terms = set(analyse_text(question))
    frequency = Counter(term for title in titles for term in title & terms)
    weight = {term: math.log(1 + len(titles) / (1 + frequency[term])) for term in terms}
    total = sum(weight.values())
    seen = {key for document in documents[:after] for key in (document.url, document.question) if key}
    ranks: list[int] = []
    for rank, (document, title) in enumerate(zip(documents, titles, strict=True), start=1):
        new = document.url not in seen and document.question not in seen
        within_reach = result.passages[0].score - result.passages[rank - 1].score <= REACH
        close = within_reach and sum(weight[term] for term in terms & title) >= CLOSE * total > 0
        if rank > after and new and close:
            ranks.append(rank)
            seen |= {document.url, document.question} - {""}  # what a teammate wrote need not have a URL
    return ranks[:limit]
