"""A form that may be sent twice, by a double click or after a lost answer, is done once: its key decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from django.http import HttpRequest
from pydantic import TypeAdapter

from jiaozi.party import services as party
from jiaozi.party.rules import Answer, digest_of
from jiaozi.web.frame import actor

Made = TypeVar("Made")
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the field's name


def once(request: HttpRequest, kind: type[Made], act: Callable[[], Made], *, now: datetime, file: bytes = b"") -> Made:
    """Do what a form asks for once under its ``key``; sent again, give what it came to the first time.

    ``file`` is the content of what was handed in with it: another file is another form.

    Raises
    ------
    UnableToRepeat
        When the key is missing, or stands for another form.
    """
    by, adapter = actor(request), TypeAdapter(kind)
    asked = sorted((name, request.POST.getlist(name)) for name in request.POST if name != _TOKEN)
    digest = digest_of(by, request.path.encode(), repr(asked).encode(), sha256(file).digest())

    def write() -> Answer:
        return Answer(200, adapter.dump_json(act()).decode())

    made = party.once(key=request.POST.get("key", ""), digest=digest, by=by, now=now, act=write)
    return adapter.validate_json(made.body)
