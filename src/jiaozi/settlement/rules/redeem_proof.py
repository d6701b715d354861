"""What proves a redemption: an invoice, once in the whole programme, or use that the platform metered, once as well."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jiaozi.party.rules import check_uscc
from jiaozi.settlement.rules.redeem import UnableToRedeem

CAPTURES_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What the holder was invoiced and paid: the seller's code, the invoice's number, its date and sum with tax."""

    seller: str
    number: str
    issued_on: date
    amount_fen: int


_NUMBER = re.compile(r"^(?:\d{18}|\d{20})$")


def check_invoice(invoice: Invoice, today: date) -> Invoice:
    """Give an invoice with its number in one form: 20 digits (数电票), or code and number together (18 or 20 digits).

    Raises
    ------
    UnableToRedeem, UnableToRegister
        Naming what is wrong: number, seller, date or amount.
    """
    number = re.sub(r"[\s-]", "", invoice.number)
    if not _NUMBER.fullmatch(number):
        raise UnableToRedeem(
            "INVOICE_NUMBER_WRONG",
            "发票号须为20位数电票号码，或发票代码加号码（18或20位数字）",
            "the number has 20 digits, or code and number together 18 or 20",
            field="number",
        )
    if invoice.issued_on > today:
        raise UnableToRedeem(
            "INVOICE_FROM_TOMORROW",
            "开票日期不能晚于今天",
            "an invoice can't be dated later than today",
            field="issued_on",
        )
    amount_fen = invoice.amount_fen
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int) or amount_fen <= 0:
        raise UnableToRedeem(
            "AMOUNT_MISSING",
            "发票金额须为大于零的整数分",
            "the amount must be whole fen, more than zero",
            field="amount_fen",
        )
    seller = check_uscc(invoice.seller, field="seller")
    return Invoice(seller=seller, number=number, issued_on=invoice.issued_on, amount_fen=amount_fen)


def check_seller(seller: str, holder_code: str | None) -> None:
    """Let nobody be paid for what it sold to itself.

    Raises
    ------
    UnableToRedeem
        When the seller is the holder.
    """
    if seller == holder_code:
        raise UnableToRedeem(
            "SELLER_IS_HOLDER", "销售方不得为持券人自身", "the seller can't be the holder itself", field="seller"
        )


def check_proof(*, invoiced: bool, metered: bool) -> None:
    """Let one claim be for one thing.

    Raises
    ------
    UnableToRedeem
        When an invoice and metered use are given together: they may be the same money.
    """
    if invoiced and metered:
        raise UnableToRedeem(
            "PROOF_TWICE",
            "发票与用量请分别申报，不得同时申报",
            "claim an invoice or metered use, not both",
            field="uses",
        )


def check_invoice_free(taken: bool, number: str) -> None:
    """Let an invoice be redeemed once in the whole programme, whoever hands it in.

    Raises
    ------
    UnableToRedeem
        When it was handed in before and not rejected.
    """
    if taken:
        raise UnableToRedeem(
            "INVOICE_USED",
            f"发票{number}已在本项目申请过兑付",
            f"the invoice {number} was handed in before under this programme",
            field="number",
        )


def check_uses(wanted: Sequence[UUID], found_fen: Sequence[int], taken: int) -> int:
    """Give what the metered use cost the holder.

    Raises
    ------
    UnableToRedeem
        When a record is not this voucher's, or was claimed before.
    """
    if not 0 < len(wanted) <= CAPTURES_MAX or len(set(wanted)) != len(wanted):
        raise UnableToRedeem(
            "USE_MISSING",
            f"请选择1至{CAPTURES_MAX}条用量，不得重复",
            f"name 1 to {CAPTURES_MAX} uses, each once",
            field="uses",
        )
    if len(found_fen) != len(wanted):
        raise UnableToRedeem("USE_UNKNOWN", "有用量不属于该券", "a use is not of this voucher", field="uses")
    if taken:
        raise UnableToRedeem("USE_TAKEN", f"{taken}条用量已申请过", f"{taken} uses were claimed before", field="uses")
    if sum(found_fen) <= 0:
        raise UnableToRedeem("NOTHING_DUE", "所选用量没有自付费用", "these uses cost the holder nothing", field="uses")
    return sum(found_fen)
