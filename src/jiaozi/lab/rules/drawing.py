"""Draws holders anew out of those that there were, each with all that it did, so that chance has its say."""

from __future__ import annotations

import numpy as np

from jiaozi.policy.rules.many import Ints


def drawn(chance: np.random.Generator, holder: Ints, holders: int, count: int) -> tuple[Ints, Ints]:
    """Draw ``count`` of ``holders`` with replacement; give the rows that they bring, and each row's new holder."""
    order = np.argsort(holder, kind="stable")
    starts = np.searchsorted(holder[order], np.arange(holders + 1))
    picked = chance.integers(0, holders, count)
    lengths = (starts[1:] - starts[:-1])[picked]
    new = np.repeat(np.arange(count, dtype=np.int64), lengths)
    offset = np.arange(len(new)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return order[np.repeat(starts[picked], lengths) + offset], new
