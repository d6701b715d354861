"""Registers the stage with Django."""

from django.apps import AppConfig


class NoticeConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.notice"
    label = "notice"
