"""The lines by which holders are paid: redemptions of a voucher, stages of an award, what is taken back of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from jiaozi.kernel.ids import named_id
from jiaozi.ledger.rules import Account, AccountKind, Transfer, capture, hold, post, void
from jiaozi.policy.rules import CapUse, Measure
from jiaozi.settlement.rules.position import Split
from jiaozi.voucher.rules import available_account, cap_accounts, counted, voucher_account


def settled_account(programme: str) -> Account:
    """Give the account of what was paid under the programme's authority."""
    return Account(AccountKind.SETTLED, programme)


def award_account(programme: str, award_id: UUID) -> Account:
    """Give an award's own account in the book ``face``."""
    return Account(AccountKind.AWARD, programme, str(award_id))


def revoked_account(programme: str) -> Account:
    """Give the account of what was granted and taken back unpaid."""
    return Account(AccountKind.REVOKED, programme)


def cap_hold_id(grant_id: UUID, key: str) -> UUID:
    """Name the hold by which a redemption or a stage counts for a cap."""
    return named_id("grant.cap", grant_id, key)


def cap_holds(event: str, grant_id: UUID, programme: str, keys: Iterable[str], amount_fen: int) -> list[Transfer]:
    """Count an amount for caps, as pending."""
    lines = []
    for key in keys:
        _, cap, counter = cap_accounts(programme, key)
        lines.append(hold(cap_hold_id(grant_id, key), cap, counter, amount_fen, event, grant_id))
    return lines


def _cap_ends(event: str, grant_id: UUID, keys: Iterable[str], amount_fen: int) -> list[Transfer]:
    """Count the amount for good, or not at all where it is 0."""
    return [
        capture(named_id(event, grant_id, key), cap_hold_id(grant_id, key), amount_fen, event, grant_id)
        if amount_fen
        else void(named_id(event, grant_id, key), cap_hold_id(grant_id, key), event, grant_id)
        for key in keys
    ]


def held_id(redemption_id: UUID, step: str) -> UUID:
    """Name a redemption's hold: ``submit`` for what it may come to, ``accept`` for what was accepted."""
    return named_id("redeem.hold", redemption_id, step)


def redeem_hold(redemption_id: UUID, step: str, programme: str, voucher_id: UUID, amount_fen: int) -> Transfer:
    """Hold an amount of the voucher for a redemption."""
    account, settled = voucher_account(programme, voucher_id), settled_account(programme)
    return hold(held_id(redemption_id, step), account, settled, amount_fen, "redeem.hold", redemption_id)


def redeem_release(redemption_id: UUID, step: str) -> Transfer:
    """Give a redemption's hold back."""
    id_ = named_id("redeem.release", redemption_id, step)
    return void(id_, held_id(redemption_id, step), "redeem.release", redemption_id)


def redeem_cancel(redemption_id: UUID, cap_keys: Sequence[str]) -> list[Transfer]:
    """Give an accepted redemption's holds back, the caps' too."""
    lines = _cap_ends("redeem.cancel.cap", redemption_id, cap_keys, 0)
    return [redeem_release(redemption_id, "accept"), *lines]


def redeem_pay(
    redemption_id: UUID, payment_id: UUID, programme: str, amount_fen: int, cap_keys: Sequence[str]
) -> list[Transfer]:
    """Pay an accepted redemption: face, cash and caps in one chain."""
    face = capture(
        named_id("redeem.pay", payment_id), held_id(redemption_id, "accept"), amount_fen, "redeem.pay", payment_id
    )
    caps = _cap_ends("redeem.pay.cap", redemption_id, cap_keys, amount_fen)
    return [face, _cash("redeem.pay.cash", payment_id, programme, amount_fen), *caps]


def letter_rest(redemption_id: UUID, programme: str, voucher_id: UUID, rest_fen: int) -> list[Transfer]:
    """Let what a target letter's conversion leaves lapse."""
    if not rest_fen:
        return []
    account, lapsed = voucher_account(programme, voucher_id), Account(AccountKind.LAPSED, programme)
    return [post(named_id("letter.rest", redemption_id), account, lapsed, rest_fen, "letter.rest", redemption_id)]


def award_lines(
    award_id: UUID, programme: str, year: int, stages: Sequence[tuple[UUID, int]], caps: Sequence[CapUse]
) -> list[Transfer]:
    """Earmark an award: its face from the year's budget, caps on issue for good, caps on pay by stage as pending."""
    face_fen = sum(fen for _, fen in stages)
    available, own = available_account(programme, year), award_account(programme, award_id)
    chain = [post(named_id("award.grant", award_id), available, own, face_fen, "award.grant", award_id)]
    for use in counted(caps, Measure.ISSUED):
        _, cap, counter = cap_accounts(programme, use.key)
        id_ = named_id("award.grant.cap", award_id, use.key)
        chain.append(post(id_, cap, counter, face_fen, "award.grant.cap", award_id))
    keys = pay_keys(caps)
    for stage_id, fen in stages:
        chain += cap_holds("award.hold.cap", stage_id, programme, keys, fen)
    return chain


def pay_keys(caps: Iterable[CapUse]) -> list[str]:
    """Name the counters of caps that count when an award is paid."""
    return [use.key for use in counted(caps, Measure.PAID, Measure.REDEEMED, Measure.USED, Measure.HELD)]


def award_pay(
    *, award_id: UUID, stage_id: UUID, payment_id: UUID, programme: str, amount_fen: int, cap_keys: Sequence[str]
) -> list[Transfer]:
    """Pay one stage of an award."""
    own, settled = award_account(programme, award_id), settled_account(programme)
    face = post(named_id("award.pay", payment_id), own, settled, amount_fen, "award.pay", payment_id)
    caps = _cap_ends("award.pay.cap", stage_id, cap_keys, amount_fen)
    return [face, _cash("award.pay.cash", payment_id, programme, amount_fen), *caps]


def award_withdraw(
    award_id: UUID, programme: str, stages: Sequence[tuple[UUID, int]], cap_keys: Sequence[str]
) -> list[Transfer]:
    """Take back what is not paid of an award; the budget that it took is not issued again."""
    own, revoked = award_account(programme, award_id), revoked_account(programme)
    rest_fen = sum(fen for _, fen in stages)
    lines = [post(named_id("award.withdraw", award_id), own, revoked, rest_fen, "award.withdraw", award_id)]
    for stage_id, _ in stages:
        lines += _cap_ends("award.withdraw.cap", stage_id, cap_keys, 0)
    return lines


def _cash(event: str, payment_id: UUID, programme: str, amount_fen: int) -> Transfer:
    unreplenished = Account(AccountKind.UNREPLENISHED, programme)
    return post(
        named_id(event, payment_id),
        unreplenished,
        Account(AccountKind.RESERVE, programme),
        amount_fen,
        event,
        payment_id,
    )


def claw_back_lines(clawback_id: UUID, programme: str, split: Split) -> list[Transfer]:
    """Take back what was paid to a holder: the face, and a receivable against what was or was not replaced yet."""
    amount_fen = split.from_unreplenished_fen + split.due_fen
    disallowed, receivable = Account(AccountKind.DISALLOWED, programme), Account(AccountKind.RECEIVABLE, programme)
    id_ = named_id("clawback", clawback_id)
    lines = [post(id_, settled_account(programme), disallowed, amount_fen, "clawback", clawback_id)]
    parts = (
        (AccountKind.UNREPLENISHED, split.from_unreplenished_fen),
        (AccountKind.DUE_TO_TREASURY, split.due_fen),
    )
    for kind, fen in parts:
        if fen:
            id_ = named_id("clawback", clawback_id, kind)
            lines.append(post(id_, receivable, Account(kind, programme), fen, "clawback.cash", clawback_id))
    return lines


def recover_lines(recovery_id: UUID, programme: str, amount_fen: int) -> list[Transfer]:
    """Take in what a holder paid back."""
    reserve, receivable = Account(AccountKind.RESERVE, programme), Account(AccountKind.RECEIVABLE, programme)
    id_ = named_id("clawback.recover", recovery_id)
    return [post(id_, reserve, receivable, amount_fen, "clawback.recover", recovery_id)]
