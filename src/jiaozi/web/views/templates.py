"""An organisation's templates: listed, renamed and deleted; a job kept from a form or an order, and ordered again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.rules.template import NAME_MAX, TEMPLATES_MAX
from jiaozi.party import queries as party
from jiaozi.party.rules import Role
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.templatetags.words import said
from jiaozi.web.views.repeating import voucher_to_spend

_SPENDERS = frozenset({Role.APPLICANT})
_KEPT = Label("模板已保存。", "The template was saved.")


@page(Label("作业模板", "Job templates"), _SPENDERS, parent="web:wallet")
@never_cache
@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    """List the organisation's templates, each with its first step: a form filled in."""
    by = actor(request)
    if by.organisation is None:
        raise Http404
    rows = orders.templates(by.organisation, by, limit=TEMPLATES_MAX)
    names = party.names_on_screen(row.made_by for row in rows)
    context = {
        "rows": [(row, names.get(row.made_by, "")) for row in rows],
        "most": TEMPLATES_MAX,
        "name_max": NAME_MAX,
    }
    return render(request, "web/templates.html", context)


@page(Label("按模板下单", "Order by a template"), _SPENDERS, parent="web:templates")
@require_safe
def start_template(request: HttpRequest, template_id: UUID) -> HttpResponseRedirect:
    """Lead to a new order's form that the template fills in, on the voucher that ends soonest."""
    row = orders.template(template_id, actor(request))
    voucher = voucher_to_spend(row.organisation_id)
    if voucher is None:
        messages.error(request, said(Label("没有可用的算力券", "no voucher is left to spend")))
        return HttpResponseRedirect(reverse("web:templates"))
    return HttpResponseRedirect(f"{reverse('web:new-order', args=[voucher.id])}?template={row.id}")


@page(Label("存为模板", "Keep as a template"), _SPENDERS, parent="web:templates")
@require_POST
def keep_order(request: HttpRequest, order_id: UUID) -> HttpResponseRedirect:
    """Keep what an order asked for."""
    try:
        order.keep_order(order_id=order_id, name=request.POST.get("name", ""), by=actor(request), now=clock.now())
    except Refused as refused:
        return _told(request, refused, reverse("web:order", args=[order_id]))
    messages.success(request, said(_KEPT))
    return HttpResponseRedirect(reverse("web:templates"))


@page(Label("重命名模板", "Rename a template"), _SPENDERS, parent="web:templates")
@require_POST
def rename_template(request: HttpRequest, template_id: UUID) -> HttpResponseRedirect:
    """Give a template another name."""
    name, by = request.POST.get("name", ""), actor(request)
    try:
        order.rename_template(template_id=template_id, name=name, by=by, now=clock.now())
    except Refused as refused:
        return _told(request, refused, reverse("web:templates"))
    return HttpResponseRedirect(reverse("web:templates"))


@page(Label("删除模板", "Delete a template"), _SPENDERS, parent="web:templates")
@require_POST
def delete_template(request: HttpRequest, template_id: UUID) -> HttpResponseRedirect:
    """Delete a template."""
    order.delete_template(template_id=template_id, by=actor(request), now=clock.now())
    messages.success(request, said(Label("模板已删除。", "The template was deleted.")))
    return HttpResponseRedirect(reverse("web:templates"))


def _told(request: HttpRequest, refused: Refused, there: str) -> HttpResponseRedirect:
    """Say a refusal of what was typed where it was typed; what is another's is the frame's to refuse."""
    if refused.reason.field != "name" or isinstance(refused, orders.UnableToFindTemplate):
        raise refused
    messages.error(request, said(refused.reason.label))
    return HttpResponseRedirect(there)
