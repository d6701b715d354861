"""Registers the stage with Django."""

from django.apps import AppConfig


class MeteringConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.metering"
    label = "metering"
