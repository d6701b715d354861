"""A centre's new price: the form, then what it changes beside what holds now, then the publication."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue import services
from jiaozi.catalogue.models import Centre, Offer
from jiaozi.catalogue.rules import Proposal
from jiaozi.catalogue.rules.pricing import SOURCE_MAX
from jiaozi.kernel import clock
from jiaozi.kernel.fen import parse_rate, parse_yuan
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import HolderClass, Role
from jiaozi.web.forms import Form, choices, spoken
from jiaozi.web.frame import actor
from jiaozi.web.once import once
from jiaozi.web.pages import page
from jiaozi.web.templatetags.words import name_of, said
from jiaozi.web.views.usage import chosen, reached

PUBLISHERS = frozenset({Role.CENTRE, Role.OPERATOR})
_TYPED_MAX, _VERSION_DIGITS_MAX = 30, 9
_RATE_WRONG = Label("单价须以元写，至多8位小数，如0.15", "write the price in CNY with at most 8 decimals, like 0.15")
_MINIMUM_WRONG = Label(
    "金额须以元写，至多2位小数，如1.00", "write the amount in CNY with at most 2 decimals, like 1.00"
)
_PUBLISHED = Label("价目已发布。", "The price is published.")


class PriceForm(Form):
    """One new price; ``over`` is the version that the reader was shown last."""

    words: ClassVar[dict[str, Label]] = {
        "resource_class": Label("资源", "Resource"),
        "customer_class": Label("适用对象", "For whom"),
        "rate": Label("新单价（元/单位·时）", "New price (CNY a unit and hour)"),
        "minimum": Label("每单至少（元），不填则不变", "Least price of an order (CNY); as before without it"),
        "from_date": Label("生效日期，不填则即刻生效", "From (a day); at once without it"),
        "until_date": Label("失效日期，不填则直至新版本", "Until (a day); until a new version without it"),
        "source": Label("依据，如公告名称与文号", "What it rests on, such as the announcement"),
    }
    resource_class = forms.ChoiceField(choices=())
    customer_class = forms.ChoiceField(required=False)
    rate = forms.CharField(max_length=_TYPED_MAX, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    minimum = forms.CharField(
        max_length=_TYPED_MAX, required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    from_date = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until_date = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    source = forms.CharField(max_length=SOURCE_MAX)

    def __init__(self, *args: Any, offers: list[Offer], **words: Any) -> None:
        super().__init__(*args, **words)
        for field, listed in {
            "resource_class": [(each.resource_class_id, name_of(each.resource_class)) for each in offers],
            "customer_class": [("", spoken(Label("所有人", "anyone"))), *choices(HolderClass)],
        }.items():
            self.fields[field].choices = listed  # type: ignore[attr-defined]

    def clean_rate(self) -> int:
        """Read the price as micro-fen, exactly."""
        return _read(parse_rate, self.cleaned_data["rate"], _RATE_WRONG)

    def clean_minimum(self) -> int | None:
        """Read the least price as fen."""
        text = self.cleaned_data["minimum"]
        return _read(parse_yuan, text, _MINIMUM_WRONG) if text else None

    def proposal(self, centre: Centre, over: int | None) -> Proposal:
        """Give what was asked for."""
        given = self.cleaned_data
        return Proposal(
            centre=centre.id,
            resource_class=given["resource_class"],
            customer_class=given["customer_class"],
            rate_ufen=given["rate"],
            minimum_fen=given["minimum"],
            from_date=given["from_date"],
            until_date=given["until_date"],
            source=given["source"],
            over=over,
        )


def _read(parse: Any, text: str, wrong: Label) -> int:
    try:
        return int(parse(text))
    except ValueError:
        raise forms.ValidationError(said(wrong)) from None


@page(Label("发布新价目", "Publish a price"), PUBLISHERS, parent="web:supply")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_price(request: HttpRequest) -> HttpResponse:
    """Ask for a price, show what it would change, and publish it once that is confirmed."""
    context = chosen(request, reached(request))
    centre = context["centre"]
    if centre is None and context["choices"]:
        return HttpResponseRedirect(f"{request.path}?{urlencode({'centre': context['choices'][0].id})}")
    if centre is None:
        return render(request, "web/new_price.html", context)
    form = PriceForm(request.POST or None, offers=catalogue.offers_for(centre.id), initial=_asked(request))
    context |= {"centre": centre, "form": form, "key": new_id(), "back": _back(context, centre)}
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        now, over = clock.now(), request.POST.get("over", "")
        wanted = form.proposal(centre, _version(over))
        try:
            return _confirmed(request, wanted, now, context) if over else _shown(request, wanted, now, context)
        except Refused as refusal:
            form.refuse(refusal)
    return render(request, "web/new_price.html", context, status=422 if form.errors else 200)


def _version(text: str) -> int | None:
    """Read the version that the form says was shown last; one that can't be is none that ever was the last."""
    if not text:
        return None
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _VERSION_DIGITS_MAX else -1


def _asked(request: HttpRequest) -> dict[str, str]:
    """Give the price that the form begins with, named by the address."""
    return {name: request.GET.get(name, "") for name in ("resource_class", "customer_class")}


def _back(context: dict[str, Any], centre: Centre) -> str:
    query = f"?{urlencode({'centre': centre.id})}" if context["choices"] else ""
    return f"{reverse('web:supply')}{query}"


def _shown(request: HttpRequest, wanted: Proposal, now: datetime, context: dict[str, Any]) -> HttpResponse:
    change = services.preview_tariff(wanted=wanted, by=actor(request), now=now, demo=settings.JIAOZI_DEMO)
    held = catalogue.offer(wanted.centre, wanted.resource_class)
    context |= {
        "change": change,
        "at_once": change.added.valid_from == now,
        "over": change.before.version if change.before else 0,
        "resource": held.resource_class if held else None,
    }
    return render(request, "web/new_price.html", context)


def _confirmed(request: HttpRequest, wanted: Proposal, now: datetime, context: dict[str, Any]) -> HttpResponse:
    def act() -> int:
        done = services.publish_tariff(wanted=wanted, by=actor(request), now=now, demo=settings.JIAOZI_DEMO)
        return done.added.version

    once(request, int, act, now=now)
    messages.success(request, said(_PUBLISHED))
    return HttpResponseRedirect(context["back"])
