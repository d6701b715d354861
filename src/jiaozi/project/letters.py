"""Where the agent of a centre behind a firewall knocks: its letter in, the platform's letter out.

Who may is told by the letter's signature and by nothing else. The one call goes to the desk of the centre's engine.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from jiaozi.catalogue import queries as catalogue
from jiaozi.engines.agent.desk import Desk
from jiaozi.engines.agent.engine import AgentEngine
from jiaozi.engines.agent.envelope import BYTES_MAX, UnableToRead
from jiaozi.kernel.refusal import Refused
from jiaozi.order import services as order
from jiaozi.order.ports import UnableToReachEngine

_BAD, _FORBIDDEN, _NOT_FOUND, _TOO_LARGE, _AWAY = 400, 403, 404, 413, 503


@csrf_exempt
@require_POST
def answer(request: HttpRequest, centre: str) -> HttpResponse:
    """Hand a letter to the centre's desk."""
    size = request.headers.get("Content-Length", "")
    if not size.isdecimal():
        return _said("a letter needs its length", _BAD)
    if int(size) > BYTES_MAX:
        return _said(f"a letter is at most {BYTES_MAX} bytes", _TOO_LARGE)
    try:
        return HttpResponse(_desk(centre).answer(request.read(int(size))), content_type="application/octet-stream")
    except Refused as refused:
        return _said(str(refused), _STATUS.get(type(refused), _FORBIDDEN))


def _desk(centre: str) -> Desk:
    engine = order.engine_of(catalogue.centre(centre))
    if not isinstance(engine, AgentEngine):
        raise catalogue.UnableToFindCentre("NO_AGENT", f"算力中心{centre}没有代理", f"the centre {centre} has no agent")
    return engine.desk


def _said(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


_STATUS = {catalogue.UnableToFindCentre: _NOT_FOUND, UnableToReachEngine: _AWAY, UnableToRead: _FORBIDDEN}
