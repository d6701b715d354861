"""Registers the stage with Django."""

from django.apps import AppConfig


class PartyConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.party"
    label = "party"
