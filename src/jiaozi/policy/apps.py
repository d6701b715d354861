"""Registers the stage with Django."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.policy"
    label = "policy"
