"""Registers the stage with Django."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.journal"
    label = "journal"
