"""Registers the stage with Django."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.exchange"
    label = "exchange"
