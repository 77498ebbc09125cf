"""Rows counted by category, in bounded memory, the same however they are put together."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_KEPT = 1_000


@dataclass(frozen=True)
class CategoryCounts:
    """How many rows have each category; beyond `MOST_KEPT` categories, of a random part of them.

    Those with the smallest hashes are kept (bottom-k, Cohen 1997): a category that is among the
    smallest of all is so in every part, so that a kept count is exact and adding up is associative
    and commutative to the bit, which the counts of frequent items of Misra and Gries are not.
    `total` counts the rows of all categories, also of those that were let go.

    >>> one, two = CategoryCounts.of({"a": 2, "b": 1}), CategoryCounts.of({"b": 4})
    >>> (one + two).most_frequent(1), (one + two).total
    (('b',), 7)
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    total: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "CategoryCounts":
        """The counts of one batch."""
        return cls(_smallest(counts), sum(counts.values()))

    def __add__(self, more: "CategoryCounts") -> "CategoryCounts":
        """Those of both."""
        if not more.total:
            return self
        added = dict(self.counts)
        for name, count in more.counts.items():
            added[name] = added.get(name, 0) + count
        return CategoryCounts(_smallest(added), self.total + more.total)

    def most_frequent(self, count: int) -> tuple[str, ...]:
        """The most frequent of the categories that are kept."""
        ranked = sorted(self.counts, key=lambda name: (-self.counts[name], name))
        return tuple(ranked[:count])


NO_CATEGORIES = CategoryCounts()


def _smallest(counts: Mapping[str, int]) -> Mapping[str, int]:
    if len(counts) <= MOST_KEPT:
        return counts
    kept = sorted(counts, key=lambda name: (_hash(name), name))[:MOST_KEPT]
    return {name: counts[name] for name in kept}


def _hash(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=8).digest()
