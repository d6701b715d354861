"""Registers the console with Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages, templates and static files."""

    name = "jiaozi.web"
    label = "web"
