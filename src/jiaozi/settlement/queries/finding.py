"""Finding anything by what stands on paper: a number, a whole id, a credit code, a name, a bank reference."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast, Right

from jiaozi.application.models import Application
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order.models import Order
from jiaozi.party.models import Organisation
from jiaozi.settlement.models import Award, Redemption, Statement
from jiaozi.voucher.models import Voucher

HITS_MAX = 20
TEXT_MAX = 100
_TAIL = Right(Cast("id", TextField()), 12)
_NUMBER = re.compile(r"(?:[0-9A-F]{4}-?){2}[0-9A-F]{4}", re.IGNORECASE)


class Thing(StrEnum):
    """What can be found."""

    VOUCHER = "VOUCHER"
    APPLICATION = "APPLICATION"
    ORDER = "ORDER"
    USAGE = "USAGE"
    CAPTURE = "CAPTURE"
    STATEMENT = "STATEMENT"
    TRANSFER = "TRANSFER"
    REDEMPTION = "REDEMPTION"
    AWARD = "AWARD"
    LINE = "LINE"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    Thing.VOUCHER: Label("算力券", "voucher"),
    Thing.APPLICATION: Label("申领", "application"),
    Thing.ORDER: Label("订单", "order"),
    Thing.USAGE: Label("用量记录", "usage record"),
    Thing.CAPTURE: Label("核销", "capture"),
    Thing.STATEMENT: Label("结算单", "statement"),
    Thing.TRANSFER: Label("账务分录", "ledger transfer"),
    Thing.REDEMPTION: Label("兑付", "redemption"),
    Thing.AWARD: Label("奖励", "award"),
    Thing.LINE: Label("日志行", "journal line"),
}


class UnableToSearch(Refused):
    """What was typed can't be searched for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: what, whose, and the dossier whose chain, or the statement that, shows it."""

    thing: Thing
    id: UUID
    number: str
    holder: str
    application: UUID | None = None
    statement: UUID | None = None


def find(text: str, programme: str) -> list[Hit]:
    """Find by a whole id, a number as it stands on screen, a unified social credit code, a name or a bank reference.

    Cost: at most twelve statements, each by an index but the name's, which reads the register of organisations.

    Raises
    ------
    UnableToSearch
        When the text is shorter than two characters or longer than a hundred.
    """
    wanted = text.strip()
    if not 1 < len(wanted) <= TEXT_MAX or "\x00" in wanted:
        raise UnableToSearch(
            "SEARCH_TEXT_WRONG",
            f"请输入2到{TEXT_MAX}个字符：编号、统一社会信用代码、单位名称或银行流水号",
            f"type 2 to {TEXT_MAX} characters: a number, a credit code, a name or a bank reference",
            field="q",
        )
    with suppress(ValueError):
        return _by_id(UUID(wanted), programme)
    if _NUMBER.fullmatch(wanted):
        return _by_number(wanted.replace("-", "").lower(), programme)
    return _by_words(wanted, programme)


def _by_id(id_: UUID, programme: str) -> list[Hit]:
    """Try each kind of thing; an id is one thing's, so that the first that has it is the answer."""
    found = _vouchers(Q(id=id_), programme) or _applications(Q(id=id_), programme) or _orders(Q(id=id_), programme)
    found = found or _statements(Q(id=id_), programme) or _of_usage(id_, programme) or _of_grants(id_, programme)
    return found or _of_transfer(id_, programme) or _of_line(id_, programme)


def _by_number(digits: str, programme: str) -> list[Hit]:
    """Find by the last twelve digits of an id: an index over the tail serves vouchers, orders and statements."""
    tail = Q(tail=digits)
    return [*_vouchers(tail, programme), *_orders(tail, programme), *_statements(tail, programme)]


def _by_words(words: str, programme: str) -> list[Hit]:
    paid = _statements(Q(bank_reference=words), programme)
    holders = list(Organisation.objects.filter(Q(uscc=words.upper()) | Q(name__icontains=words))[:HITS_MAX])
    own = Q(holder_id__in=[row.id for row in holders])
    found = [*paid, *_vouchers(own, programme)] if holders else paid
    with_voucher = {hit.application for hit in found}
    return [*found, *(hit for hit in _applications(own, programme) if hit.id not in with_voucher)] if holders else found


def _vouchers(which: Q, programme: str) -> list[Hit]:
    rows = Voucher.objects.annotate(tail=_TAIL).filter(which, programme=programme).select_related("holder")
    return [
        Hit(Thing.VOUCHER, row.id, row.number, row.holder.name, row.application_id)
        for row in rows.order_by("-id")[:HITS_MAX]
    ]


def _applications(which: Q, programme: str) -> list[Hit]:
    rows = Application.objects.filter(which, programme=programme).select_related("holder")
    return [
        Hit(Thing.APPLICATION, row.id, str(row.id), row.holder.name, row.id) for row in rows.order_by("-id")[:HITS_MAX]
    ]


def _orders(which: Q, programme: str) -> list[Hit]:
    rows = Order.objects.annotate(tail=_TAIL).filter(which, programme=programme).select_related("holder", "voucher")
    return [
        Hit(Thing.ORDER, row.id, row.number, row.holder.name, row.voucher.application_id)
        for row in rows.order_by("-id")[:HITS_MAX]
    ]


def _statements(which: Q, programme: str) -> list[Hit]:
    rows = Statement.objects.annotate(tail=_TAIL).filter(which, programme=programme)
    return [
        Hit(Thing.STATEMENT, row.id, row.number, row.centre_id, statement=row.id)
        for row in rows.order_by("-id")[:HITS_MAX]
    ]


def _of_usage(id_: UUID, programme: str) -> list[Hit]:
    """Find a usage record or a capture, by way of the voucher that paid."""
    used = UsageRow.objects.filter(id=id_, capture__programme=programme).select_related("capture__voucher__holder")
    for row in used:
        paid = row.capture.voucher  # type: ignore[union-attr]  # the filter asks for one
        return [Hit(Thing.USAGE, id_, row.record_id, paid.holder.name, paid.application_id)]
    taken = Capture.objects.filter(id=id_, programme=programme).select_related("voucher", "holder")
    return [Hit(Thing.CAPTURE, id_, str(id_), row.holder.name, row.voucher.application_id) for row in taken]


def _of_grants(id_: UUID, programme: str) -> list[Hit]:
    claimed = Redemption.objects.filter(id=id_, programme=programme).select_related("voucher__holder").first()
    if claimed is not None:
        paid = claimed.voucher
        return [Hit(Thing.REDEMPTION, id_, claimed.invoice_number or str(id_), paid.holder.name, paid.application_id)]
    given = Award.objects.filter(id=id_, programme=programme).select_related("holder").first()
    return [Hit(Thing.AWARD, id_, str(id_), given.holder.name, given.application_id)] if given else []


def _of_transfer(id_: UUID, programme: str) -> list[Hit]:
    """Find a ledger transfer, by way of what it is about."""
    row = LedgerTransfer.objects.filter(id=id_).first()
    if row is None or row.reference is None or row.reference == id_:
        return []
    about = _vouchers(Q(id=row.reference), programme) or _orders(Q(id=row.reference), programme)
    about = about or _statements(Q(id=row.reference), programme) or _of_usage(row.reference, programme)
    return [Hit(Thing.TRANSFER, id_, row.event, each.holder, each.application, each.statement) for each in about]


def _of_line(id_: UUID, programme: str) -> list[Hit]:
    row = JournalLine.objects.filter(id=id_).first()
    if row is None or row.subject == id_:
        return []
    about = _vouchers(Q(id=row.subject), programme) or _orders(Q(id=row.subject), programme)
    about = about or _applications(Q(id=row.subject), programme) or _statements(Q(id=row.subject), programme)
    name = f"{row.stage}.{row.verb}"
    return [Hit(Thing.LINE, id_, name, hit.holder, hit.application, hit.statement) for hit in about]
