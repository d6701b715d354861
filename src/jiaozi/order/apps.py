"""Registers the stage with Django."""

from django.apps import AppConfig


class OrderConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.order"
    label = "order"
