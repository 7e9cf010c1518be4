"""The words of a text that say what it is about."""

from __future__ import annotations

from functools import lru_cache

from retrieval.text.analysis import analyse_text, fold_text, is_function, is_unspaced, split_words


@lru_cache(maxsize=8192)
def content_tokens(text: str, language: str = "en") -> frozenset[str]:
    """The distinct tokens that are no function words; of what is written without spaces every two characters, as a
    single one stands in too many words."""
    return frozenset(
        token
        for token in analyse_text(text, language)
        if not is_function(token, language) and not (is_unspaced(token) and len(token) == 1)
    )


@lru_cache(maxsize=8192)
def word_sequence(text: str, language: str = "en") -> tuple[str, ...]:
    """Every word in reading order, stemmed; single characters of what is written without spaces."""
    return tuple(token for token, _, _ in split_words(fold_text(text), language))
