"""The API as Django serves it: every room's operations under one version, and every refusal as a problem."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from jiaozi.api import problem
from jiaozi.api.caller import dress
from jiaozi.api.reading import Strict
from jiaozi.api.rooms import ROUTERS

BASE = "/api/v1/"

api = NinjaAPI(
    title="Jiaozi 交子",
    version="1",
    description="A city's compute vouchers: everything that the console can do. Amounts are whole fen, instants have"
    " their zone, dates are of Asia/Shanghai.",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    parser=Strict(),
)
for router in ROUTERS:
    api.add_router("", router)


def _refuse(request: HttpRequest, error: Any) -> HttpResponse:
    return dress(request, problem.answer(request, error))


for kind in problem.READABLE:
    api.add_exception_handler(kind, _refuse)
