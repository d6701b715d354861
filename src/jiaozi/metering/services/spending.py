"""Screening for whom vouchers were spent: by others' accounts, for many strangers, at a centre of one's own kin.

Each finding is about the voucher, so that it stops the statement that pays for the use, and every later claim on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import (
    Parameters,
    Purchase,
    Spending,
    Subject,
    SubjectKind,
    Suspicion,
    related_supplier,
    resale,
)
from jiaozi.application.queries import screening as reads
from jiaozi.kernel.period import local_date
from jiaozi.metering.queries import spending as queries
from jiaozi.metering.queries.spending import SharedAccount
from jiaozi.party import queries as party
from jiaozi.party.rules import SYSTEM, Actor, Group, HolderClass

Near = Callable[[UUID], Group]
SUSPECTED_MAX = 200
"""Vouchers whose holder's kin is looked up at once; the rest is found by the next screening."""


def screen_spending(
    *, programme: str, captures: Collection[UUID], now: datetime, by: Actor = SYSTEM
) -> tuple[Alert, ...]:
    """Check for whom the vouchers behind captures were spent, and raise what is new; nothing is refused here.

    An account that a centre names for the use of several holders is the first one's own, and foreign to the others.
    """
    today = local_date(now)
    version, centres = queries.setting_of(captures)
    if version is None:
        return ()
    parameters = reads.thresholds(version, today)
    near = _near(parameters, today)
    found = [*_resales(queries.shared_accounts(captures), near, parameters)]
    found += _own_kin(captures, centres, near, parameters)
    return alert.raise_all(programme=programme, suspicions=found, by=by, now=now)


def _near(parameters: Parameters, today: date) -> Near:
    @lru_cache(maxsize=SUSPECTED_MAX)
    def near(holder: UUID) -> Group:
        return party.group_of(holder, on=today, depth=parameters.depth, share_least_bp=parameters.share_least_bp)

    return near


def _resales(shared: Sequence[SharedAccount], near: Near, parameters: Parameters) -> Iterator[Suspicion]:
    vouchers = [list(rows) for _, rows in groupby(shared, key=attrgetter("voucher"))]
    for rows in vouchers[:SUSPECTED_MAX]:
        group = near(rows[0].holder)
        strangers = [each for each in rows if each.other not in group]
        accounts = frozenset(each.name for each in rows)
        spending = Spending(
            subject=Subject(SubjectKind.VOUCHER, str(rows[0].voucher)),
            holder=rows[0].holder,
            intermediary=rows[0].holder_class == HolderClass.INTERMEDIARY,
            end_users=frozenset(each.other for each in strangers),
            accounts=accounts,
            own_accounts=accounts - {each.name for each in strangers if each.others_first},
        )
        yield from resale(spending, group, parameters)


def _own_kin(
    captures: Collection[UUID], centres: Collection[str], near: Near, parameters: Parameters
) -> Iterator[Suspicion]:
    """Look whether a voucher was spent at a centre that a related organisation of its holder runs."""
    operators = reads.operators_of(centres)
    kin = {member for operator in set(operators.values()) for member in near(operator).members}
    spent = [each for each in queries.spent_by(captures, kin) if each.centre in operators] if kin else []
    spent = [each for each in spent if operators[each.centre] in near(each.holder)][:SUSPECTED_MAX]
    names = party.names_of({member for each in spent for member in near(each.holder).members})
    for each in spent:
        subject = Subject(SubjectKind.VOUCHER, str(each.voucher))
        purchase = Purchase(subject=subject, holder=each.holder, supplier=operators[each.centre])
        yield from related_supplier(purchase, near(each.holder), names, parameters)
