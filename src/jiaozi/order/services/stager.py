"""Finding the operator's places: by name, in the settings, so that orders never import upwards."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from django.conf import settings

from jiaozi.order.ports import Staging
from jiaozi.order.rules import UnableToQuote


def staging() -> Staging:
    """Give the places of this installation.

    Raises
    ------
    UnableToQuote
        When its operator named none.
    """
    if not settings.JIAOZI_STAGING:
        raise UnableToQuote(
            "NO_STAGING",
            "本平台尚未开通网址数据传输",
            "this platform moves no data by URL: its operator named no places",
            field="inputs",
        )
    return _staging(settings.JIAOZI_STAGING_MODULE, settings.JIAOZI_STAGING, settings.JIAOZI_DEMO)


@lru_cache(maxsize=8)
def _staging(module: str, options: str, loopback: bool) -> Staging:
    found: Staging = import_module(module).connect(options, loopback=loopback)
    return found
