"""Registers the stage with Django."""

from django.apps import AppConfig


class AlertConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.alert"
    label = "alert"
