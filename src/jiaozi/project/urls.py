"""Which address goes where: the console, its language switch, and what machines ask."""

from __future__ import annotations

import importlib.util

from django.urls import URLPattern, URLResolver, include, path

from jiaozi.project import health, letters

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.answer, name="health"),
    path("metrics", health.metrics, name="metrics"),
    path("agents/<slug:centre>/letters", letters.answer, name="letters"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("sign-in/", include("allauth.urls")),
    path("api/v1/", include("jiaozi.api.urls")),
]
if importlib.util.find_spec("jiaozi.web.urls"):
    urlpatterns.append(path("", include("jiaozi.web.urls")))
