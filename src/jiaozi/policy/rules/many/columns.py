"""Facts of many applications side by side: one column a fact, one row an application.

Money is int64 fen, a whole number int64, a date its ordinal; texts, enums, decimals and lists are int64 codes into
``words``, so that a question about a word is asked once for each word and not for each row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiaozi.policy.rules.facts import Known
from jiaozi.policy.rules.words import Kind

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CODED = (Kind.TEXT, Kind.ENUM, Kind.DECIMAL, Kind.LIST, Kind.DATES)


@dataclass(frozen=True)
class Column:
    """One fact of all applications.

    Attributes
    ----------
    values
        One entry a row: bool, int64, or a code into ``words``; what stands in a row where it is not given is ignored.
    words
        The fact's plain JSON forms by code; a sequence that makes them when asked is enough.
    given
        Where the fact is known; None means everywhere.
    """

    kind: Kind
    values: NDArray[Any]
    words: Sequence[Any] = ()
    given: Bools | None = None

    def plain(self, row: int) -> Any:
        """Give the JSON form of one row's fact."""
        value = self.values[row]
        if self.kind in CODED:
            return self.words[int(value)]
        if self.kind is Kind.DATE:
            return date.fromordinal(int(value)).isoformat()
        return bool(value) if self.kind is Kind.BOOL else int(value)


@dataclass(frozen=True)
class Table:
    """Applications to decide, in the order in which they are decided; ``on`` holds the ordinal of each one's date."""

    on: Ints
    columns: Mapping[str, Column]

    @property
    def count(self) -> int:
        """How many applications there are."""
        return len(self.on)

    @cached_property
    def days(self) -> tuple[tuple[date, ...], Ints]:
        """The dates of decision, each once, and which of them is each row's."""
        first = int(self.on.min())
        there = np.zeros(int(self.on.max()) - first + 1, dtype=bool)
        there[self.on - first] = True  # a year has few dates: no sort is needed to find them
        place = np.cumsum(there) - 1
        days = tuple(date.fromordinal(first + int(offset)) for offset in np.flatnonzero(there))
        return days, place[self.on - first]

    def by_day(self, answers: Sequence[int]) -> Ints:
        """Spread one answer a date over the rows."""
        return np.asarray(answers, dtype=np.int64)[self.days[1]]

    def on_day(self, row: int) -> date:
        """Give one row's date of decision."""
        return date.fromordinal(int(self.on[row]))

    def facts(self, row: int) -> dict[str, Any]:
        """Give one row's facts the way ``decide`` takes them."""
        return {
            name: column.plain(row)
            for name, column in self.columns.items()
            if column.given is None or bool(column.given[row])
        }


def table(kinds: Mapping[str, Kind], rows: Sequence[tuple[date, Mapping[str, Known]]]) -> Table:
    """Lay facts that were read one by one side by side; a fact that no row gives has no column."""
    on = np.array([day.toordinal() for day, _known in rows], dtype=np.int64)
    names = [name for name in kinds if any(name in known for _day, known in rows)]
    return Table(on, {name: _column(kinds[name], [known.get(name) for _day, known in rows]) for name in names})


def _column(kind: Kind, facts: Sequence[Known | None]) -> Column:
    given = np.array([fact is not None for fact in facts])
    plain = [fact.plain if fact else None for fact in facts]
    if kind in CODED:
        words = [*dict.fromkeys(value for value in plain if value is not None)]
        place = {word: code for code, word in enumerate(words)}
        values = np.array([0 if value is None else place[value] for value in plain], dtype=np.int64)
        return Column(kind, values, words, given)
    if kind is Kind.DATE:
        days = [0 if value is None else date.fromisoformat(str(value)).toordinal() for value in plain]
        return Column(kind, np.array(days, dtype=np.int64), (), given)
    if kind is Kind.BOOL:
        return Column(kind, np.array([bool(value) for value in plain]), (), given)
    whole = [0 if value is None else int(value) for value in plain if not isinstance(value, tuple)]
    return Column(kind, np.array(whole, dtype=np.int64), (), given)
