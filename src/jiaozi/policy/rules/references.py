"""Every place of a document that names a fact, with the kinds of fact that fit there."""

from __future__ import annotations

from collections.abc import Iterator

from jiaozi.policy.rules import schema
from jiaozi.policy.rules.problems import Path
from jiaozi.policy.rules.words import Kind

Reference = tuple[Path, str | None, tuple[Kind, ...]]
_MONEY, _TEXT, _DATE, _BOOL = (Kind.MONEY,), (Kind.TEXT,), (Kind.DATE,), (Kind.BOOL,)
_ORDERED = (Kind.MONEY, Kind.INT, Kind.DECIMAL)
_COUNTED = (Kind.INT, Kind.DECIMAL)


def fact_references(programme: schema.Programme) -> Iterator[tuple[Path, str, tuple[Kind, ...]]]:
    """Give path, name and fitting kinds of every fact that a document names outside of its conditions."""
    for path, name, kinds in _all(programme):
        if name is not None:
            yield path, name, kinds


def _all(programme: schema.Programme) -> Iterator[Reference]:
    for index, clause in enumerate(programme.clauses):
        if clause.amount:
            yield from of_amount(clause.amount, ("clauses", index, "amount"))
    for name, cap in programme.caps.items():
        yield ("caps", name, "of"), cap.of, _MONEY
        yield ("caps", name, "besides"), cap.besides, _MONEY
    for subject, fact in programme.subjects.items():
        yield ("subjects", subject), fact, _TEXT
    yield from _of_ceilings(programme.together)
    yield from _of_gates(programme)


def of_amount(amount: schema.Amount, path: Path) -> Iterator[Reference]:
    """Give the facts that an amount is worked out from."""
    single = len(amount.of) == 1
    for place, name in enumerate(amount.of):
        yield ((*path, "of") if single else (*path, "of", place)), name, _MONEY
    for place, name in enumerate(amount.less):
        yield (*path, "less", place), name, _MONEY
    if amount.quantity:
        yield (*path, "quantity", "of"), amount.quantity.of, _COUNTED
    if amount.bands:
        yield (*path, "bands", "by"), amount.bands.by, _ORDERED
        yield (*path, "bands", "after"), amount.bands.after, _MONEY
    if amount.threshold:
        yield (*path, "threshold", "of"), amount.threshold.of, _MONEY
    if amount.prorate:
        yield (*path, "prorate", "contract", "from"), amount.prorate.contract.since, _DATE
        yield (*path, "prorate", "contract", "to"), amount.prorate.contract.to, _DATE


def _of_ceilings(together: schema.Together) -> Iterator[Reference]:
    ceilings: list[tuple[Path, schema.Ceiling | None]] = [(("together", "ceiling"), together.ceiling)]
    ceilings += [(("together", "groups", n, "ceiling"), group.ceiling) for n, group in enumerate(together.groups)]
    for path, ceiling in ceilings:
        if ceiling:
            yield (*path, "of"), ceiling.of, _MONEY
            yield (*path, "besides"), ceiling.besides, _MONEY


def _of_gates(programme: schema.Programme) -> Iterator[Reference]:
    yield ("suppliers", "fact"), programme.suppliers.fact, _TEXT
    if programme.credit:
        yield ("credit", "records"), programme.credit.records, (Kind.DATES,)
        yield ("credit", "listed"), programme.credit.listed, (Kind.LIST,)
    if programme.related:
        yield ("related", "steps"), programme.related.steps, (Kind.INT,)
    if programme.roles:
        yield ("roles", "is_supplier"), programme.roles.is_supplier, _BOOL
        yield ("roles", "other_side_claimed"), programme.roles.other_side_claimed, _BOOL
    if programme.services:
        yield ("services", "fact"), programme.services.fact, (Kind.LIST,)
    for index, other in enumerate(programme.other_support):
        yield ("other_support", index, "fact"), other.fact, (Kind.BOOL, Kind.MONEY)
