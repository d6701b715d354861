"""Lays a demand out as the facts that a programme asks for, by what the scenario says each fact is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jiaozi.lab.rules.demand import Demand
from jiaozi.lab.rules.reading import Read
from jiaozi.lab.rules.scenario import FromColumn
from jiaozi.policy import rules as policy
from jiaozi.policy.rules import facts as fact_reading
from jiaozi.policy.rules.figures import read_date
from jiaozi.policy.rules.many import Column, Table
from jiaozi.policy.rules.many.columns import CODED
from jiaozi.policy.rules.parts import Fact
from jiaozi.policy.rules.problems import Path
from jiaozi.policy.rules.words import Kind

WORDS_MAX = 1_000
_LIKE = {Kind.ENUM: Kind.TEXT}


def lay_out(read: Read, index: int, document: policy.Document, demand: Demand) -> Table:
    """Give the table of a version: each application's facts, decided after the days that a review takes.

    Raises
    ------
    UnableToReadScenario
        Naming the fact that the programme does not know, or that a column or value does not fit.
    """
    version = read.scenario.versions[index]
    on = demand.day + version.begin.toordinal() + version.review_days
    columns = {}
    for name, source in version.facts.items():
        path: Path = ("versions", index, "facts", name)
        fact = document.programme.facts.get(name)
        if fact is None:
            there = ", ".join(document.facts)
            raise read.refuse(
                path,
                f"项目未声明此事实，现有：{there}",
                f"the programme declares no such fact; it has: {there}",
                key=True,
            )
        columns[name] = _column(read, path, (name, fact), source, demand)
    return Table(on, columns)


def _column(read: Read, path: Path, declared: tuple[str, Fact], source: FromColumn, demand: Demand) -> Column:
    if source.column is None:
        return _constant(read, path, declared, source.value, demand.count)
    if source.column == "day":
        begin = read.scenario.versions[int(path[1])].begin.toordinal()
        column = Column(Kind.DATE, demand.day + begin + source.plus_days)
    else:
        found = demand.column(source.column, read.scenario)
        if found is None:
            there = ", ".join(("holder", "application", "class", "size", "cost", "day", *demand.attributes))
            raise read.refuse(
                path, f"没有列 {source.column}，现有：{there}", f"there is no column {source.column}; there is: {there}"
            )
        column = found
    if source.map or source.otherwise is not None:
        return _mapped(read, path, declared, source, column)
    return _fitting(read, path, declared, source, column)


def _constant(read: Read, path: Path, declared: tuple[str, Fact], value: Any, count: int) -> Column:
    plain = _known(read, path, declared, value)
    return _of_words(declared[1].kind, np.zeros(count, dtype=np.int64), [plain])


def _known(read: Read, path: Path, declared: tuple[str, Fact], value: Any) -> Any:
    """Read one value as the programme reads it."""
    name, fact = declared
    if fact.kind is Kind.MONEY and not isinstance(value, str):
        raise read.refuse(path, "金额请写成 5000元 或 3万", "write a sum in yuan with its unit, like 5000元 or 3万")
    group, field = name.split(".")
    try:
        return fact_reading.read({name: fact}, {group: {field: value}})[name].plain
    except policy.UnableToReadFacts as refused:
        label = refused.reason.label
        raise read.refuse(path, label.zh, label.en) from refused


def _of_words(kind: Kind, codes: Any, words: list[Any]) -> Column:
    """Make a column of few values out of their codes."""
    if kind in CODED:
        return Column(kind, codes, words)
    if kind is Kind.DATE:
        words = [read_date(word).toordinal() for word in words]
    return Column(kind, np.array(words, dtype=bool if kind is Kind.BOOL else np.int64)[codes])


def _mapped(read: Read, path: Path, declared: tuple[str, Fact], source: FromColumn, column: Column) -> Column:
    """Turn each word of a column into a value of the fact."""
    words: Mapping[int, str] | list[str]
    if column.kind is Kind.BOOL:
        words, codes = ["false", "true"], column.values.astype(np.int64)
    elif column.kind is Kind.TEXT and len(column.words) <= WORDS_MAX:
        words, codes = [str(word) for word in column.words], column.values
    else:
        raise read.refuse(path, "此列取值过多，不能用 map", "this column has too many values for a `map`")
    values = []
    for word in words:
        value = source.map.get(word, source.otherwise)
        if value is None:
            raise read.refuse(path, f"map 缺少 {word}（或写 otherwise）", f"the map lacks {word}; or give `otherwise`")
        values.append(_known(read, path, declared, value))
    made = _of_words(declared[1].kind, codes, values)
    return Column(made.kind, made.values, made.words, column.given)


def _fitting(read: Read, path: Path, declared: tuple[str, Fact], source: FromColumn, column: Column) -> Column:
    kind = declared[1].kind
    if column.kind is not _LIKE.get(kind, kind):
        raise read.refuse(
            path,
            f"列 {source.column} 为 {column.kind}，此事实须为 {kind}",
            f"the column {source.column} is of kind {column.kind}, the fact of kind {kind}",
        )
    if kind is Kind.ENUM:
        strange = next((word for word in column.words if word not in declared[1].values), None)
        if strange is not None:
            allowed = ", ".join(declared[1].values)
            raise read.refuse(
                path,
                f"{strange} 不是 {allowed} 之一，请用 map",
                f"{strange} is none of {allowed}; give a `map`",
            )
    values = column.values
    if source.share is not None and kind is Kind.MONEY:
        values = values // source.share.denominator * source.share.numerator + (
            values % source.share.denominator * source.share.numerator // source.share.denominator
        )
    return Column(kind, values, column.words, column.given)
