"""The API's addresses, and its document."""

from __future__ import annotations

import json
from functools import cache

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.http import require_safe

from jiaozi.api import problem
from jiaozi.api.document import document
from jiaozi.api.server import api


@cache
def _written() -> bytes:
    return json.dumps(document(), ensure_ascii=False).encode()


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view gets it
    """Give the OpenAPI document."""
    return HttpResponse(_written(), content_type="application/json")


def unknown(request: HttpRequest) -> HttpResponse:
    """Say that there is no such address, as a problem."""
    return problem.answer(request, Http404())


urlpatterns = [path("openapi.json", openapi), path("", api.urls), re_path("", unknown, name="api:unknown")]
