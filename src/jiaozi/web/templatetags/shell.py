"""What the shell around every page draws: title, breadcrumbs, who one acts as, the session's end, the site's footer."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.notice import queries as notice
from jiaozi.notice.queries import UNREAD_MAX
from jiaozi.party import queries as party
from jiaozi.party.models import Membership
from jiaozi.party.rules import Role, UnableToSee, check_may_see
from jiaozi.web.frame import Asking
from jiaozi.web.look import looks as looks_of
from jiaozi.web.pages import Page, page_of, pages
from jiaozi.web.session import ends_at
from jiaozi.web.templatetags.words import foreign, said

register = template.Library()
ABOVE_MAX = 5

_SITE = {
    "sponsor": Label("主办单位", "Sponsor"),
    "operator": Label("承办单位", "Operated by"),
    "contact": Label("联系方式", "Contact"),
    "code": Label("网站标识码", "Site code"),
    "icp": Label("ICP备案号", "ICP filing"),
    "police": Label("公安备案号", "Public security filing"),
}


@register.simple_tag(takes_context=True)
def page_title(context: dict[str, Any]) -> str:
    """Say what the page calls itself; a page that isn't ours has the service's name."""
    here = _here(context.get("request"))
    return said(here.title if here else Label("算力券", "Compute vouchers"))


@register.inclusion_tag("web/parts/crumbs.html", takes_context=True)
def crumbs(context: dict[str, Any]) -> dict[str, Any]:
    """Draw the way from the first page above down to this one."""
    here = _here(context.get("request"))
    above: list[tuple[str, Page]] = []
    name = here.parent if here else ""
    while name and len(above) < ABOVE_MAX:
        above.insert(0, (name, pages()[name]))
        name = pages()[name].parent
    return {"above": above, "here": here}


@register.simple_tag(takes_context=True)
def unread(context: dict[str, Any]) -> str:
    """Count what the reader has not read, "99+" past that; empty where there is nothing."""
    count = notice.unread(context["request"].user.pk)
    return f"{UNREAD_MAX - 1}+" if count >= UNREAD_MAX else str(count or "")


@register.simple_tag(takes_context=True)
def looks(context: dict[str, Any]) -> dict[str, str]:
    """Give how the reader wants pages to look."""
    request = context.get("request")
    return looks_of(request.COOKIES if request else {})


@register.filter
def post(row: Membership) -> SafeString:
    """Say a membership: the role, and where."""
    place = row.organisation.name if row.organisation else row.centre or row.programme
    role = said(Role(row.role).label)
    role = role[:1].upper() + role[1:]
    return foreign(f"{role} · {place}" if place else role)


@register.filter
def seen_by(row: Any, who: Asking | None) -> bool:
    """Say whether whoever asks may open a voucher or an order: then it is a link, else only its number."""
    if who is None or who.actor is None or who.role is None:
        return False
    centre = getattr(row, "centre_id", None)
    try:
        check_may_see(who.actor, holder=row.holder_id, centre=centre, programme=row.programme)
    except UnableToSee:
        return False
    return True


@register.inclusion_tag("web/parts/session.html", takes_context=True)
def session_warning(context: dict[str, Any]) -> dict[str, Any]:
    """Draw the box that warns before the session ends."""
    request = context["request"]
    return {
        "ends": ends_at(request.session),
        "now_s": int(clock.now().timestamp()),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def short_post(row: Membership) -> SafeString:
    """Say a membership on a list of one place: the role, and the centre or programme where there is one."""
    place = row.centre or row.programme
    role = said(Role(row.role).label)
    return foreign(f"{role} · {place}" if place else role)


@register.filter
def person_name(row: Membership) -> str:
    """Say the name of a membership's person, its details loaded."""
    details = getattr(row.person, "details", None)
    return details.name if details else party.pseudonym(row.person_id)


@register.inclusion_tag("web/parts/demo.html")
def demo_notice() -> dict[str, bool]:
    """Say in a demonstration, and only there, where its sign-ins are found."""
    return {"demo": settings.JIAOZI_DEMO}


@register.inclusion_tag("web/parts/demo_mail.html")
def demo_mail() -> dict[str, bool]:
    """Say in a demonstration that sends no mail where what it would send can be read."""
    return {"printed": settings.JIAOZI_DEMO and settings.EMAIL_BACKEND.endswith(".console.EmailBackend")}


@register.simple_tag
def site_facts() -> list[tuple[Label, str]]:
    """Give what a government site states of itself, as far as its settings say it."""
    return [(label, value) for key, label in _SITE.items() if (value := settings.JIAOZI_SITE.get(key, ""))]


@register.filter
def own_address(request: HttpRequest) -> str:
    """Give the reader's own address for signing in."""
    return party.email_of(request.user.pk) if request.user.pk else ""


def _here(request: HttpRequest | None) -> Page | None:
    match = request.resolver_match if request else None
    return page_of(match.func) if match else None
