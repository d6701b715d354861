"""Registers the stage with Django."""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.settlement"
    label = "settlement"
