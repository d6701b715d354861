"""Registers the stage with Django."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.transparency"
    label = "transparency"
