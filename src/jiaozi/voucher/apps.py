"""Registers the stage with Django."""

from django.apps import AppConfig


class VoucherConfig(AppConfig):
    """The stage's tables live under its own name."""

    name = "jiaozi.voucher"
    label = "voucher"
