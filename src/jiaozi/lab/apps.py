"""Registers the stage with Django."""

from django.apps import AppConfig


class LabConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.lab"
    label = "lab"
