"""The year's budget: approved by finance, once by its reference, within the programme's yearly cap on issue."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.period import year as whole_year
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind, post
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.rules.pools import pools
from jiaozi.voucher import queries, rules


def approve_budget(
    *,
    programme: str,
    year: int,
    amount_fen: int,
    by: Actor,
    now: datetime,
    reference: UUID,
    for_awards: bool = False,
) -> None:
    """Put a year's approved budget at the programme's disposal; ``reference`` names the approval and makes it once.

    Parameters
    ----------
    for_awards
        That it is for awards beside the vouchers, which the yearly cap on issue does not count.

    Raises
    ------
    UnableToIssue
        When the actor is not finance, the year is over (a closed one always is), or what is approved for vouchers would
        pass what the year's pools may issue together; with what is left of it.
    UnableToFindProgramme
        When no version of the programme is in force then.
    """
    rules.check_budget(by, amount_fen)
    check_own_programme(by, programme)
    rules.check_programme_name(programme)
    authority, available = Account(AccountKind.AUTHORITY, programme), rules.available_account(programme, year)
    event = rules.budget_event(for_awards=for_awards)
    with transaction.atomic():
        _one_at_a_time(reference, programme, year)
        found = queries.budget(reference)
        if found is not None:
            rules.check_same_budget(found, (available.id, amount_fen, event), reference)
            return
        today = local_date(now)
        rules.check_budget_year(year, today)
        version = policy.current(programme, max(today, date(year, 1, 1)))
        if not for_awards:
            of = pools(policy.document(version.id), date(year, 1, 1), allow_demo=version.demo)
            bounds = rules.yearly_pools(of, whole_year(year))
            rules.check_within_pools(amount_fen, queries.budgeted_fen(available), bounds)
        body = {"amount_fen": amount_fen, "programme": programme, "year": year}
        body |= {"for_awards": True} if for_awards else {}
        journal.write(Line("voucher", "approve_budget", reference, "", "", by.name, now, body))
        ledger.open_accounts([authority, available])
        ledger.require(
            [post(named_id("budget", reference), authority, available, amount_fen, event, reference)], at=now
        )


def _one_at_a_time(reference: UUID, programme: str, year: int) -> None:
    """Let approvals under one reference, and of one year, queue: the sum is read before the next is added."""
    names = (str(reference), f"{programme}/{year}")
    with connection.cursor() as cursor:
        for name in sorted(names):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"voucher/budget/{name}"])
