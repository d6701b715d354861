"""What a page says of itself: its title, who may open it, where it stands in the navigation and above which page.

A view wears ``@page(...)``; the shell draws navigation, breadcrumbs and the site map from what the views of the address
table say, and nobody gets past a page's own readers. A view without it is refused to everybody (``frame.Frame``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver

from jiaozi.kernel.label import Label
from jiaozi.party.rules import Role

View = Callable[..., HttpResponseBase]


class Readers(Enum):
    """Who may open a page without regard to a role."""

    EVERYBODY = "EVERYBODY"
    SIGNED_IN = "SIGNED_IN"


EVERYBODY, SIGNED_IN = Readers.EVERYBODY, Readers.SIGNED_IN
STAFF = frozenset({Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.OPERATOR})
ALL_ROLES = frozenset(role for role in Role if role is not Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes
    ----------
    title
        Its name in the navigation, the breadcrumb and the window's title.
    readers
        Roles that may open it, or one of ``Readers``; what a row belongs to is checked by the view beside that.
    parent
        Name of the address above it, empty where there is none; that one takes no argument.
    place
        Its place in the navigation, lowest first; None keeps it out.
    """

    title: Label
    readers: frozenset[Role] | Readers
    parent: str = ""
    place: int | None = None

    def open_to(self, role: Role | None, *, signed_in: bool) -> bool:
        """Say whether somebody who acts in a role (None without a membership) may open it."""
        if isinstance(self.readers, Readers):
            return self.readers is EVERYBODY or signed_in
        return signed_in and role in self.readers


def page(
    title: Label, readers: frozenset[Role] | Readers, *, parent: str = "", place: int | None = None
) -> Callable[[View], View]:
    """Say of a view what page it is, and let in its readers alone."""
    said = Page(title, readers, parent, place)

    def wrap(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **words: Any) -> HttpResponseBase:
            from jiaozi.web.frame import turned_away  # noqa: PLC0415 - the frame draws pages, and so knows them

            return turned_away(request, said) or view(request, *args, **words)

        opened.page = said  # type: ignore[attr-defined]
        return opened

    return wrap


def page_of(view: View | None) -> Page | None:
    """Give what a view says of itself."""
    return getattr(view, "page", None)


@cache
def pages() -> dict[str, Page]:
    """Give every page by the name of its address, in the order of the address table."""
    return {name: found for name, pattern in addresses() if (found := page_of(pattern.callback))}


def addresses(resolver: URLResolver | None = None, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Walk every address of the service, with its full name."""
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from addresses(each, inner)
        else:
            yield f"{space}{each.name or each.pattern}", each
