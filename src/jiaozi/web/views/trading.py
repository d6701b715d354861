"""A trader's desk in one session: what it offers, against what it may, and what came of it on its own step curve."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from jiaozi.exchange import queries
from jiaozi.exchange import services as exchange
from jiaozi.exchange.queries import OwnOrder, Result
from jiaozi.exchange.rules import NewOrder, OrderState, Product, SessionState, Side, Step, steps
from jiaozi.exchange.rules.checking import QUANTITY_MAX
from jiaozi.kernel import clock
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.web.forms import Form, choices
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.templatetags.market import A_LOT, hour, plain_moment
from jiaozi.web.templatetags.words import said
from jiaozi.web.views.exchange import TRADERS, Names
from jiaozi.web.views.stepped import stepped

ORDERS = 200
_TYPED_MAX = 20
_AMOUNT_WRONG = Label("金额须以元写，如12.50", "write the amount in CNY, like 12.50")
_ENTERED = Label("已报价并冻结。", "Entered, and held for.")
_WITHDRAWN = Label("已撤回，冻结已解除。", "Withdrawn; nothing is held for it any more.")


class OfferForm(Form):
    """One sealed bid or ask."""

    words: ClassVar[dict[str, Label]] = {
        "side": Label("方向", "Way"),
        "resource_class": Label("资源", "Resource"),
        "hub": Label("枢纽", "Hub"),
        "period": Label("时段", "Period"),
        "quantity": Label("数量（手）", "Quantity (lots)"),
        "limit": Label("限价（元/手）", "Limit (CNY a lot)"),
        "minimum": Label("最小成交量（手）", "Least that is of use (lots)"),
    }
    side = forms.ChoiceField(choices=choices(Side))
    resource_class = forms.ChoiceField(choices=())
    hub = forms.ChoiceField(choices=())
    period = forms.ChoiceField(choices=())
    quantity = forms.IntegerField(min_value=1, max_value=QUANTITY_MAX)
    limit = forms.CharField(max_length=_TYPED_MAX)
    minimum = forms.IntegerField(min_value=0, max_value=QUANTITY_MAX, required=False)

    def __init__(self, *args: Any, found: Result, names: Names, **words: Any) -> None:
        super().__init__(*args, **words)
        book = found.book
        for field, each in {
            "resource_class": [
                (row.resource_class, names.resource_class(row.resource_class)) for row in book.contracts
            ],
            "hub": [(hub, names.hub(hub)) for hub in book.hubs],
            "period": [(row.id, _span(row.start, row.end)) for row in book.periods],
        }.items():
            self.fields[field].choices = each  # type: ignore[attr-defined]
        for field in ("quantity", "minimum", "limit"):
            self.fields[field].widget = forms.TextInput(
                attrs={"inputmode": "decimal" if field == "limit" else "numeric"}
            )

    def clean_limit(self) -> int:
        """Read the limit as fen."""
        try:
            return parse_yuan(self.cleaned_data["limit"])
        except ValueError:
            raise forms.ValidationError(said(_AMOUNT_WRONG)) from None

    def order(self) -> NewOrder:
        """Give what was asked for."""
        given = self.cleaned_data
        place = (given["resource_class"], given["hub"], given["period"])
        return NewOrder(Side(given["side"]), *place, given["quantity"], given["limit"], given["minimum"] or 0)

    def say(self, refused: Refused) -> None:
        """Say every mistake at its field."""
        for reason in getattr(refused, "reasons", (refused.reason,)):
            field = reason.field.rpartition(".")[2]
            self.refuse(Refused(reason.code, reason.label.zh, reason.label.en, field=field))


def _span(start: datetime, end: datetime) -> str:
    return f"{plain_moment(start)}–{hour(end)}"


class Room(NamedTuple):
    """A block of own capacity: units that may still be offered, and lots that are."""

    hub: str
    resource_class: str
    start: datetime
    end: datetime
    units: int


@page(Label("报价与出清", "Offers and clearing"), TRADERS, parent="web:exchange")
@require_http_methods(["GET", "HEAD", "POST"])
def offers(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Show what the reader offers and bids, and enter one more; nobody else sees it."""
    by, now = actor(request), clock.now()
    found = queries.result(session_id, rows=0)
    names = Names(found.book)
    posted = request.method == "POST"
    form = OfferForm(request.POST if posted else None, found=found, names=names)
    if posted and form.is_valid():
        try:
            exchange.enter(session_id=session_id, orders=[form.order()], by=by, now=now)
        except Refused as refused:
            form.say(refused)
        else:
            messages.success(request, said(_ENTERED))
            return HttpResponseRedirect(reverse("web:offers", args=[session_id]))
    own = queries.desk(session_id, by=by, programme=found.programme, limit=ORDERS)
    context = {
        "row": found,
        "names": names,
        "party": own.party,
        "holding": own.holding,
        "rooms": list(_rooms(own.holding.capacity, names)),
        "orders": own.orders,
        "lots": {each.resource_class: each.lot_units for each in found.book.contracts},
        "form": form if found.state is SessionState.OPEN and now < found.closes_at else None,
        "curve": _curve(request.GET.get("product", ""), own.orders),
        "most": ORDERS,
    }
    return render(request, "web/offers.html", context, status=422 if form.errors else 200)


def _rooms(capacity: dict[str, int], names: Names) -> Iterable[Room]:
    for block, units in capacity.items():
        hub, code, start, end = block.split("/")
        since, until = (datetime.strptime(each, "%Y%m%dT%H%M%S%z") for each in (start, end))
        yield Room(names.hub(hub), names.resource_class(code), since, until, units)


def _curve(asked: str, orders: list[OwnOrder]) -> dict[str, Any] | None:
    """Give the own orders of one product as steps, with its price once there is one."""
    live = [each for each in orders if each.state is OrderState.LIVE]
    products = sorted({each.product for each in live})
    traded = [each.product for each in live if each.accepted]
    first = [*traded, *products][:1]
    product = next((each for each in products if "|".join(each) == asked), first[0] if first else None)
    if product is None:
        return None
    here = [each for each in live if each.product == product]
    return curve(
        product,
        products,
        ((each.side, each.limit_fen, each.quantity, each.accepted or 0) for each in here),
        here[0].price_fen,
    )


def curve(
    product: Product, products: list[Product], told: Iterable[tuple[Side, int, int, int]], price_fen: int | None
) -> dict[str, Any]:
    """Give one product's steps for the table, and the same for the plot."""
    rows: tuple[Step, ...] = steps(told)
    plot = {
        "kind": "steps",
        "lines": [
            {
                "name": said(side.label),
                "side": side.value,
                "points": [[each.upto - each.lots, each.upto, each.limit_fen] for each in rows if each.side is side],
            }
            for side in Side
        ],
        "price": price_fen,
        "unit": said(A_LOT),
        "words": {"lots": said(Label("累计手数", "lots, summed")), "price": said(Label("出清价", "price"))},
    }
    return {"product": product, "products": products, "rows": rows, "price_fen": price_fen, "plot": plot}


@page(Label("撤回报价", "Withdraw"), TRADERS, parent="web:exchange")
@require_POST
def withdraw_offer(request: HttpRequest, session_id: UUID, order_id: UUID) -> HttpResponse:
    """Take one own order back."""
    by = actor(request)
    return stepped(
        request,
        lambda _: exchange.withdraw(session_id=session_id, order_ids=[order_id], by=by, now=clock.now()),
        reverse("web:offers", args=[session_id]),
        lambda _: _WITHDRAWN,
    )
