"""The service's own WSGI application, but for the API's pace: a benchmark asks more often than a client may."""

from django.conf import settings

from jiaozi.project.wsgi import application

settings.JIAOZI_API_PACE = {"token": 10**9, "address": 10**9}

__all__ = ["application"]
