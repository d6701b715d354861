"""Registers the stage with Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.ledger"
    label = "ledger"
