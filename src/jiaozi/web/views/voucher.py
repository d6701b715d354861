"""One voucher: what is left of it, and the statement that adds up to that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.lease import queries as leases
from jiaozi.ledger import queries as ledger
from jiaozi.order import queries as orders
from jiaozi.party.rules import Role, check_may_see
from jiaozi.policy import rules as policy
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.rules import voucher_account
from jiaozi.web.frame import asking
from jiaozi.web.pages import ALL_ROLES, page

ENTRIES_MAX = 200
ORDERS_MAX = 200
LEASES_MAX = 50


@page(Label("算力券", "Voucher"), ALL_ROLES - {Role.CENTRE}, parent="web:year")
@require_safe
def voucher(request: HttpRequest, voucher_id: UUID) -> HttpResponse:
    """Show a voucher with its ledger statement and its orders."""
    try:
        purse = vouchers.purse(voucher_id)
    except vouchers.UnableToFindVoucher as missing:
        raise Http404(missing.reason.label.in_language(get_language() or "")) from missing
    row = purse.voucher
    check_may_see(asking(request).actor, holder=row.holder_id, programme=row.programme)
    entries = ledger.statement(voucher_account(row.programme, row.id), limit=ENTRIES_MAX)
    lent = leases.leases(voucher=row.id, limit=LEASES_MAX)
    aside_fen = leases.set_aside_fen([row.id]).get(row.id, 0)
    context = {
        "now": clock.now(),
        "purse": purse,
        "voucher": row,
        "clause": policy.load(row.version.text).clause(row.clause),
        "demo": row.version.demo,
        "entries": entries,
        "entries_max": ENTRIES_MAX,
        "leases": lent,
        "aside_fen": aside_fen,
        "held_fen": purse.held_fen - aside_fen,
        "booked_fen": entries[-1].balance_fen if entries else 0,
        "orders": _by_id(row.programme, row.id),
    }
    return render(request, "web/voucher.html", context)


def _by_id(programme: str, voucher_id: UUID) -> list[Any]:
    return list(orders.orders(programme=programme, voucher=voucher_id, limit=ORDERS_MAX))
