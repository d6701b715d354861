"""Writing the catalogue: it is loaded from its files as a whole; centres publish their own prices; probes are kept."""

from jiaozi.catalogue.services.loading import Loaded, load
from jiaozi.catalogue.services.pricing import preview_tariff, publish_tariff
from jiaozi.catalogue.services.probing import record_probe

__all__ = ["Loaded", "load", "preview_tariff", "publish_tariff", "record_probe"]
