"""Registers the stage with Django."""

from django.apps import AppConfig


class LeaseConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.lease"
    label = "lease"
