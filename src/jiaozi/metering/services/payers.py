"""Whom a trace's accounts stand for: vouchers, looked up once, and looked at again under lock for every chunk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account
from jiaozi.metering import queries
from jiaozi.metering.rules import admitting, importing
from jiaozi.metering.rules.entry import Entry
from jiaozi.metering.rules.importing import Payer
from jiaozi.order.rules import single_use
from jiaozi.party.rules import HolderClass
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import CapUse, Decision, Document, Measure, OrderTerms
from jiaozi.policy.rules.redeeming import caps_on
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher.models import Voucher

_ON_USE = (Measure.HELD, Measure.USED)


@dataclass(frozen=True, slots=True)
class Capped:
    """A voucher whose decision has caps on use, which count in the period of the day that is asked about."""

    document: Document
    decision: Decision
    most: int

    def on(self, day: date) -> tuple[CapUse, ...]:
        """Give the caps on use as they count on a day."""
        return tuple(voucher_rules.counted(caps_on(self.document, self.decision, day), *_ON_USE))


@dataclass(frozen=True, slots=True)
class Payers:
    """The payers of an import by account, as of when it began."""

    by_account: Mapping[str, Payer]
    capped: Mapping[UUID, Capped]
    now: datetime

    @classmethod
    def load(
        cls, programme: str, centre: str, accounts: Mapping[str, UUID] | None, users: set[str], now: datetime
    ) -> Payers:
        """Find the vouchers of a trace's users, and open the accounts that their usage needs.

        Raises
        ------
        UnableToImport
            When an account names no voucher of the programme, the centre is no supplier, or there is no voucher to
            deal the users over.
        """
        if accounts is None:
            active = queries.vouchers_to_deal(programme, local_date(now))
            accounts = admitting.check_dealt(admitting.deal(users, active), programme)
        rows = queries.vouchers_by_id(set(accounts.values()))
        admitting.check_accounts(accounts, {id_: row.programme for id_, row in rows.items()}, programme)
        terms = {id_: vouchers.terms(row, local_date(now)) for id_, row in rows.items()}
        for each in terms.values():
            admitting.check_supplier(centre, (centre,) if each.any_supplier else each.suppliers)
        payers = {id_: _payer(row, centre, terms[id_]) for id_, row in rows.items()}
        ledger.open_accounts(each for payer in payers.values() for each in (payer.own_account, payer.own_payable))
        capped = {id_: found for id_, row in rows.items() if (found := _capped(row)) is not None}
        return cls({account: payers[id_] for account, id_ in accounts.items()}, capped, now)

    @property
    def caps_most(self) -> int:
        """The most caps that any of them is measured against."""
        return max((each.most for each in self.capped.values()), default=0)

    def accounts(self) -> set[Account]:
        """Give the ledger accounts that usage is charged to."""
        payers = self.by_account.values()
        return {payer.voucher_account for payer in payers} | {payer.own_account for payer in payers}

    def at_work(self, jobs: Iterable[Entry]) -> dict[str, Payer]:
        """Look at every voucher again, under a shared lock to the transaction's end, and say which can be spent.

        Under which caps they are is said for the days of ``jobs``.
        """
        states = queries.voucher_states({payer.voucher for payer in self.by_account.values()})
        today = local_date(self.now)
        days = {importing.day_of(job) for job in jobs} if self.capped else set()
        caps = {id_: {day: each.on(day) for day in days} for id_, each in self.capped.items()}
        found = {}
        for account, payer in self.by_account.items():
            state, valid_until = states[payer.voucher]
            refusal = payer.refusal or admitting.spendable(state, valid_until, today)
            found[account] = replace(payer, refusal=refusal, caps=caps.get(payer.voucher, {}))
        return found


def _payer(row: Voucher, centre: str, terms: OrderTerms) -> Payer:
    return importing.payer(
        programme=row.programme,
        centre=centre,
        voucher=row.id,
        holder=row.holder_id,
        holder_class=row.holder.holder_class,
        ratio=terms.deducted,
        refusal=_standing_refusal(row.holder.holder_class, terms),
    )


def _capped(row: Voucher) -> Capped | None:
    decision = Decision.from_json(row.application.decision) if row.application.decision else None
    most = len(voucher_rules.counted(decision.caps, *_ON_USE)) if decision else 0
    return Capped(policy.document(row.version_id), decision, most) if decision and most else None


def _standing_refusal(holder_class: str, terms: OrderTerms) -> Reason | None:
    if holder_class == HolderClass.INTERMEDIARY:
        return importing.end_user_missing()
    return importing.order_missing() if single_use(terms) else None
