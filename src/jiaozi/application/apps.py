"""Registers the stage with Django."""

from django.apps import AppConfig


class ApplicationConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.application"
    label = "application"
