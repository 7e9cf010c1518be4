"""The children of an element, with what stands next to each: read once, since thousands may ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator

from bs4 import Tag

Shape = tuple[str, frozenset[str]]  # an element's name and classes


class Siblings:
    """`shown` tells which of the children count for `before` and `after`, `telling` which for `others`."""

    def __init__(
        self,
        parent: Tag,
        shown: Callable[[Tag], bool],
        telling: Callable[[Tag], bool],
        shape: Callable[[Tag], Hashable],
    ) -> None:
        tags = [node for node in parent.contents if isinstance(node, Tag)]
        shapes = [shape(tag) for tag in tags]
        self._counts = Counter(shapes)
        self._shapes = dict(zip(map(id, tags), shapes, strict=True))
        is_shown, tells = [shown(tag) for tag in tags], [telling(tag) for tag in tags]
        self.before = dict(_find_last(tags, is_shown))
        self.after = dict(_find_last(tags[::-1], is_shown[::-1]))
        self._others = (
            dict(_find_other(tags, shapes, tells)),
            dict(_find_other(tags[::-1], shapes[::-1], tells[::-1])),
        )

    def count_alike(self, tag: Tag) -> int:
        """How many of them have its shape."""
        return self._counts[self._shapes[id(tag)]]

    def others(self, tag: Tag) -> list[Tag]:
        """The nearest ones before and after it that tell something and have another shape."""
        return [other for found in self._others if (other := found[id(tag)]) is not None]


def _find_last(tags: list[Tag], counts: list[bool]) -> Iterator[tuple[int, Tag | None]]:
    last = None
    for tag, does in zip(tags, counts, strict=True):
        yield id(tag), last
        last = tag if does else last


def _find_other(tags: list[Tag], shapes: list[Hashable], tells: list[bool]) -> Iterator[tuple[int, Tag | None]]:
    """For each the last one before it that tells something and has another shape: the last of all, or what came before
    the run of its like."""
    last = other = None  # that tell something; `other` is the last one of another shape than `last`
    shape_of_last: Hashable = None
    for tag, shape, does in zip(tags, shapes, tells, strict=True):
        yield id(tag), other if last is not None and shape == shape_of_last else last
        if does:
            if last is not None and shape != shape_of_last:
                other = last
            last, shape_of_last = tag, shape
