"""The year's figures, and how they divide the year's ceiling into parts that add up to it."""

from __future__ import annotations

from dataclasses import dataclass

from jiaozi.kernel.label import Label
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.voucher.rules import available_account
from jiaozi.web.views.programme import Shown

BAR_WIDTH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class YearFigures:
    """The books in one look, in fen; ``cap_fen`` is None where the programme has no ceiling on the year."""

    cap_fen: int | None
    budget_fen: int
    issued_fen: int
    held_fen: int
    used_fen: int
    settled_fen: int
    lapsed_fen: int
    revoked_fen: int
    reserve_fen: int
    unreplenished_fen: int
    receivable_fen: int
    due_fen: int
    advance_fen: int

    @property
    def ceiling_fen(self) -> int:
        """What the parts add up to: the cap, or the budget where there is none."""
        return self.budget_fen if self.cap_fen is None else self.cap_fen

    @property
    def left_fen(self) -> int:
        """What may still be issued under the ceiling."""
        return max(0, self.ceiling_fen - self.issued_fen)

    @property
    def ended_fen(self) -> int:
        """What lapsed or was revoked."""
        return self.lapsed_fen + self.revoked_fen

    @property
    def unspent_fen(self) -> int:
        """What holders have and may still spend."""
        return self.issued_fen - self.held_fen - self.used_fen - self.ended_fen

    @property
    def imprest_gap_fen(self) -> int:
        """What the reserve's identity is off by; anything but zero is an error in the books."""
        return self.reserve_fen + self.unreplenished_fen + self.receivable_fen - self.due_fen - self.advance_fen


@dataclass(frozen=True, slots=True)
class Portion:
    """One part of the bar: ``x`` and ``width`` in ten-thousandths of it."""

    key: str
    label: Label
    hint: Label
    amount_fen: int
    x: int
    width: int


_PARTS = (
    ("settled", Label("已结算", "Settled"), Label("已从备用金支付给算力中心", "paid to the centres from the reserve")),
    ("used", Label("已核销待结算", "Used, to be settled"), Label("作业已计量并核销", "metered and captured")),
    ("held", Label("冻结中", "Held"), Label("为进行中的订单冻结", "held for orders under way")),
    ("unspent", Label("持券人可用", "With holders"), Label("已发放，尚未使用", "issued and not yet spent")),
    ("ended", Label("已失效", "Ended"), Label("过期或撤销", "lapsed or revoked")),
    ("left", Label("尚可发放", "Still to issue"), Label("年度上限之内的余额", "left under the year's ceiling")),
)


def portions(figures: YearFigures) -> list[Portion]:
    """Divide the ceiling into parts that lie end to end; a part that isn't zero is wide enough to be seen."""
    amounts = {
        "settled": figures.settled_fen,
        "used": figures.used_fen - figures.settled_fen,
        "held": figures.held_fen,
        "unspent": figures.unspent_fen,
        "ended": figures.ended_fen,
        "left": figures.left_fen,
    }
    whole_fen = max(1, sum(amounts.values()))
    found, done_fen = [], 0
    for key, label, hint in _PARTS:
        x = done_fen * BAR_WIDTH // whole_fen
        done_fen += amounts[key]
        found.append(Portion(key, label, hint, amounts[key], x, done_fen * BAR_WIDTH // whole_fen - x))
    return found


def year_figures(programme: Shown, year: int) -> YearFigures:
    """Read the year's figures from the ledger."""
    slug = programme.slug
    kinds = (
        AccountKind.LAPSED,
        AccountKind.REVOKED,
        AccountKind.RESERVE,
        AccountKind.UNREPLENISHED,
        AccountKind.RECEIVABLE,
        AccountKind.DUE_TO_TREASURY,
        AccountKind.TREASURY_ADVANCE,
    )
    single = {kind: Account(kind, slug) for kind in kinds}
    available = available_account(slug, year)
    found = ledger.balances([*single.values(), available])
    of = {kind: found[account.id] for kind, account in single.items()}
    purses = ledger.total(slug, AccountKind.VOUCHER)
    payable = ledger.total(slug, AccountKind.PAYABLE)
    settled = ledger.total(slug, AccountKind.SETTLED)
    cap = programme.year_cap
    return YearFigures(
        cap_fen=cap.limit_fen if cap else None,
        budget_fen=found[available.id].credits_posted,
        issued_fen=purses.credits_posted,
        held_fen=purses.debits_pending,
        used_fen=payable.credits_posted,
        settled_fen=settled.credits_posted,
        lapsed_fen=of[AccountKind.LAPSED].credit,
        revoked_fen=of[AccountKind.REVOKED].credit,
        reserve_fen=of[AccountKind.RESERVE].debit,
        unreplenished_fen=of[AccountKind.UNREPLENISHED].debit,
        receivable_fen=of[AccountKind.RECEIVABLE].debit,
        due_fen=of[AccountKind.DUE_TO_TREASURY].credit,
        advance_fen=of[AccountKind.TREASURY_ADVANCE].credit,
    )
