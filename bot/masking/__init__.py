"""Personal data and secrets leave a text before it is stored, logged or sent to a model.

What is found is what a checksum, a numbering plan or a word beside it says; everything else stays byte for byte, since
an answer needs its prices, dates and order numbers. Pure functions of the text, safe in threads.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.masking.reading import Find, Reading, blank_out, drop_overlapping

KINDS: tuple[str, ...] = ("email", "phone", "card", "iban", "id", "secret")

# What a mask uncovers (two numbers that stood too close to be told apart) is masked in a further pass. More passes
# than this are needed by no message; it bounds the time that a hostile one takes.
_PASSES = 4


@dataclass(frozen=True, slots=True)
class Masker:
    """Masks `kinds`, with the national phone forms of `regions` (ISO 3166) beside the international one."""

    kinds: frozenset[str] = frozenset(KINDS)
    regions: tuple[str, ...] = ("US", "GB", "DE", "FR", "CN", "TW", "HK", "ES", "IT", "JP", "AU")

    def __post_init__(self) -> None:
        if unknown := self.kinds - frozenset(KINDS):
            raise ValueError(f"nothing masks {', '.join(sorted(unknown))}; known kinds: {', '.join(KINDS)}")

    def mask(self, text: str) -> str:
        """The text with "[email]", "[phone]", "[card]", "[iban]", "[id]" or "[secret]" in place of each find."""
        return self._mask_and_count(text)[0]

    def count_finds(self, text: str) -> Counter[str]:
        """How many finds there are of each kind, for metrics; never what they are."""
        return self._mask_and_count(text)[1]

    def _mask_and_count(self, text: str) -> tuple[str, Counter[str]]:
        counts: Counter[str] = Counter()
        for _ in range(_PASSES):
            finds = [find for find in _find_all(text, self.regions) if find.kind in self.kinds]
            if not finds:
                break
            pieces, done = [], 0
            for find in finds:
                pieces += [text[done : find.start], f"[{find.kind}]"]
                done = find.end
                counts[find.kind] += 1
            text = "".join([*pieces, text[done:]])
        return text, counts


def _find_all(text: str, regions: tuple[str, ...]) -> list[Find]:
    """Every find, in the text's own offsets and order. What one kind has claimed, no later one sees."""
    from bot.masking.emails import find_emails  # here, so that a command that masks nothing loads nothing
    from bot.masking.secrets import find_secrets

    reading = Reading.from_text(text)
    seen = reading.text
    finds: list[Find] = []
    for first in (find_secrets, find_emails):
        found = drop_overlapping(first(seen))
        seen = blank_out(seen, found)
        finds += found
    if reading.has_numbers:
        from bot.masking.accounts import find_cards, find_ibans
        from bot.masking.context import find_facts
        from bot.masking.identities import find_documents, find_identities
        from bot.masking.phones import find_phones

        # First what a checksum or a word beside it makes sure of, then the facts that are no personal data, then what
        # only looks like some.
        for step in (
            find_ibans,
            find_documents,
            find_facts,
            find_identities,
            find_cards,
            lambda seen: find_phones(seen, regions),
        ):
            found = drop_overlapping(step(seen))
            seen = blank_out(seen, found)
            finds += [find for find in found if find.kind]
    return reading.in_original(sorted(finds))
