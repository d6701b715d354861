"""Registers the stage with Django."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.catalogue"
    label = "catalogue"
