"""A quota in kind beside an order's money: issued when first used, held, captured or released with it, ended."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.period import local_date
from jiaozi.ledger import queries as ledger_reads
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, Transfer, UnableToTransfer
from jiaozi.order import queries
from jiaozi.order.models import Order, OrderSlice
from jiaozi.order.rules import quota as rules
from jiaozi.party.rules import SYSTEM, Actor, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Decision
from jiaozi.policy.rules.quota import any_in_kind, in_kind, quota_s
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher.models import Voucher


def _issued_s(voucher: Voucher) -> int:
    """Give the card-seconds of a voucher in kind, 0 of any other."""
    document = policy.document(voucher.version_id)
    if not any_in_kind(document) or not voucher.application.decision:
        return 0
    decision = Decision.from_json(voucher.application.decision)
    if not in_kind(document, decision):
        return 0
    on, allow_demo = local_date(voucher.issued_at), voucher.version.demo
    return quota_s(document, decision, voucher.face_fen, on, allow_demo=allow_demo)


def granted_in_kind(voucher: Voucher) -> bool:
    """Say whether a voucher has a quota in kind."""
    return bool(_issued_s(voucher))


def quota(voucher_id: UUID) -> rules.Quota:
    """Say what is left of a voucher's quota in kind; all zeros for one that is none."""
    voucher = vouchers.voucher(voucher_id)
    _, own, used, ended = rules.quota_accounts(voucher.programme, voucher_id)
    at = ledger_reads.balances([own, used, ended])
    issued_s = at[own.id].credits_posted or _issued_s(voucher)
    gone_s = at[own.id].debits_posted + at[own.id].debits_pending
    return rules.Quota(
        issued_s, issued_s - gone_s, at[own.id].debits_pending, at[used.id].credits_posted, at[ended.id].credits_posted
    )


def holds(row: Order, voucher: Voucher) -> tuple[tuple[Account, ...], tuple[Transfer, ...], tuple[Transfer, ...]]:
    """Give the accounts, the issue (idempotent) and the hold of an order's units; nothing for a voucher in money."""
    issued_s = _issued_s(voucher)
    if not issued_s:
        return (), (), ()
    amount_s = rules.held_s(row.units, row.time_limit_ms)
    return (
        rules.quota_accounts(row.programme, voucher.id),
        (rules.issue_line(row.programme, voucher.id, issued_s),),
        (rules.hold_line(row.programme, voucher.id, row.id, amount_s),),
    )


def resolutions(row: Order, voucher: Voucher, used_unit_ms: int) -> tuple[Transfer, ...]:
    """Give the line that captures what an order used of its units; what is released of an ended quota follows it."""
    if not _issued_s(voucher):
        return ()
    slices = queries.standing_slices(row)
    first_ms = slices[0].from_limit_ms if slices else row.time_limit_ms
    held = [(0, rules.held_s(row.units, first_ms)), *((each.number, slice_s(row, each)) for each in slices)]
    lines = rules.resolve_lines(row.id, held, used_unit_ms)
    released_s = sum(each_s for _, each_s in held) - sum(line.amount_fen for line in lines)
    if voucher_rules.State(voucher.state) not in rules.ENDED or not released_s:
        return lines
    return *lines, rules.end_line(row.programme, voucher.id, released_s, str(row.id))


def slice_s(row: Order, slice_: OrderSlice) -> int:
    """Give the card-seconds of one extension: what the longer limit may use, less what the one before might."""
    return rules.held_s(row.units, slice_.limit_ms) - rules.held_s(row.units, slice_.from_limit_ms)


def slice_holds(row: Order, voucher: Voucher, slice_: OrderSlice) -> tuple[Transfer, ...]:
    """Give the hold of an extension's units; nothing for a voucher in money, whose accounts are open already."""
    if not _issued_s(voucher):
        return ()
    return (rules.hold_line(row.programme, voucher.id, row.id, slice_s(row, slice_), slice_.number),)


def slice_voids(row: Order, voucher: Voucher, slice_: OrderSlice) -> tuple[Transfer, ...]:
    """Give back the units of an extension that its engine refused."""
    if not _issued_s(voucher):
        return ()
    amount_s = slice_s(row, slice_)
    lines = rules.resolve_lines(row.id, [(slice_.number, amount_s)], 0)
    if voucher_rules.State(voucher.state) not in rules.ENDED:
        return lines
    return *lines, rules.end_line(row.programme, voucher.id, amount_s, str(slice_.id))


def end_due(*, now: datetime, limit: int = 1_000) -> int:
    """End the quotas of vouchers that have ended, each in its own transaction; gives how many."""
    due = queries.quotas_to_end(limit=limit)
    for voucher_id in due:
        end_quota(voucher_id=voucher_id, by=SYSTEM, now=now)
    return len(due)


def end_quota(*, voucher_id: UUID, by: Actor, now: datetime) -> rules.Quota:
    """Take what is left of the quota of a voucher that has ended; what jobs hold follows when they end.

    Raises
    ------
    UnableToEndQuota
        When the voucher is still alive, or the role may not end one.
    UnableToActForProgramme
        When the voucher is another programme's.
    """
    with transaction.atomic():
        voucher = vouchers.voucher(voucher_id, lock=True)
        check_own_programme(by, voucher.programme)
        rules.check_ended(voucher_rules.State(voucher.state), by.role)
        left_s = quota(voucher_id).left_s
        if not left_s:
            return quota(voucher_id)
        body = {"left_s": left_s}
        journal.write(Line("order", "end_quota", voucher_id, "", "", by.name, now, body))
        ledger.open_accounts(rules.quota_accounts(voucher.programme, voucher_id))
        issue = rules.issue_line(voucher.programme, voucher_id, _issued_s(voucher))
        end = rules.end_line(voucher.programme, voucher_id, left_s, "end")
        statuses = [status for answer in ledger.apply([[issue], [end]], at=now) for status in answer]
        for line, status in zip((issue, end), statuses, strict=True):
            if not status.stands:
                raise UnableToTransfer(status, line)
    return quota(voucher_id)
