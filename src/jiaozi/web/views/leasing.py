"""What of vouchers a centre may spend without asking, what it did with it, and what is decided about what it bears."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.lease import queries
from jiaozi.lease import services as lease
from jiaozi.lease.models import LeaseLossRuling
from jiaozi.lease.rules import LIVE, Verdict, may_rule
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor, Role
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.views.stepped import Form, stepped
from jiaozi.web.views.supply import of_a_centre
from jiaozi.web.views.usage import READERS

ROWS, LOSSES = 50, 50
_RULERS = frozenset({Role.OFFICER, Role.OPERATOR})


@page(Label("本地额度", "Leases"), READERS, parent="web:supply")
@require_safe
def leases(request: HttpRequest) -> HttpResponse:
    """Show a centre's leases and the jobs that it bears itself, with what one may do about them."""
    context, centre = of_a_centre(request)
    if centre is not None:
        by, now = actor(request), clock.now()
        found = queries.leases(
            programme=settings.JIAOZI_PROGRAMME, centre=centre.id, after=place_of(request), limit=ROWS + 1
        )
        context |= paged(request, found, ROWS, lambda row: (row.opened_at, row.id))
        for row in context["rows"]:
            row.may_end = by.role is Role.OFFICER and row.state in LIVE and now >= row.ends_at
        losses: list[dict[str, Any]] = [
            {"row": row, "rulings": (ruled := list(row.rulings.all())), "closed": is_closed(ruled)}
            for row in queries.losses(centre.id, programme=by.programme, limit=LOSSES)
        ]
        context |= {
            "losses": losses,
            "may_rule": may_rule(by),
            "people": party.names_on_screen(each.by for loss in losses for each in loss["rulings"]),
        }
    return render(request, "web/leases.html", context)


@page(Label("裁定本地额度", "Decide on a lease"), _RULERS, parent="web:leases")
@require_POST
def lease_step(request: HttpRequest, kind: str, thing_id: UUID, verb: str) -> HttpResponse:
    """Take one decision with its reason; a refusal is said on the page that it leads back to."""
    act = _VERBS.get((kind, verb))
    if act is None:
        raise Http404(verb)
    by = actor(request)
    kept = urlencode({name: request.POST[name] for name in ("centre",) if request.POST.get(name)})
    there = reverse("web:leases") + (f"?{kept}" if kept else "")
    return stepped(request, lambda words: act(thing_id, words, by, clock.now()), there)


def is_closed(rulings: Sequence[LeaseLossRuling]) -> bool:
    """Say whether nothing is open about a loss any more."""
    return any(each.verdict == Verdict.BORNE for each in rulings)


def _write_off(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
    return lease.write_off(lease_id=id_, reason=words.get("words", ""), by=by, now=now)


def _rule(verdict: Verdict) -> Callable[[UUID, Form, Actor, datetime], Any]:
    def act(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
        return lease.rule_loss(loss_id=id_, verdict=verdict, reason=words.get("words", ""), by=by, now=now)

    return act


_VERBS: dict[tuple[str, str], Callable[[UUID, Form, Actor, datetime], Any]] = {
    ("leases", "write-off"): _write_off,
    ("losses", "borne"): _rule(Verdict.BORNE),
    ("losses", "disputed"): _rule(Verdict.DISPUTED),
}
