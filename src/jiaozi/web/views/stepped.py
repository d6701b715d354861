"""What every page does that takes one step: call one verb, say what it came to, and go back to where it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.web.fields import TEXT_MAX
from jiaozi.web.templatetags.words import said

Form = Mapping[str, str]
_YEAR_DIGITS = 4
DONE = Label("已办理。", "Done.")


class UnableToReadForm(Refused):
    """A field of the form is not what it asks for."""


def stepped(
    request: HttpRequest, act: Callable[[Form], Any], there: str, done: Callable[[Any], Label] | None = None
) -> HttpResponse:
    """Call a verb with the form's words; a refusal is said on the page it leads back to, and nothing has changed.

    A refusal with several reasons says each.
    """
    words = {name: str(value)[:TEXT_MAX] for name, value in request.POST.items()}
    try:
        made = act(words)
    except Refused as refused:
        reasons: tuple[Reason, ...] = getattr(refused, "reasons", (refused.reason,))
        for reason in reasons:
            messages.error(request, said(reason.label))
    else:
        messages.success(request, said(done(made) if done else DONE))
    return HttpResponseRedirect(there)


def fen_of(words: Form, field: str = "amount") -> int:
    """Read an amount that was written in yuan.

    Raises
    ------
    UnableToReadForm
        When it is none.
    """
    try:
        return parse_yuan(words.get(field, ""))
    except ValueError:
        raise UnableToReadForm(
            "AMOUNT_WRONG", "金额须以元写，如500000或50万", "write the amount in CNY, like 500000", field=field
        ) from None


def year_of(words: Form, field: str = "year") -> int:
    """Read a year of four digits.

    Raises
    ------
    UnableToReadForm
        When it is none.
    """
    text = words.get(field, "")
    if not (text.isascii() and text.isdigit() and len(text) == _YEAR_DIGITS):
        raise UnableToReadForm("YEAR_WRONG", "年度须为四位数字，如2026", "name a year, such as 2026", field=field)
    return int(text)
