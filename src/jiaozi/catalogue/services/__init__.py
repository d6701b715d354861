"""Writing the catalogue: it is loaded from its files as a whole."""

from jiaozi.catalogue.services.loading import Loaded, load
from jiaozi.catalogue.services.probing import record_probe

__all__ = ["Loaded", "load", "record_probe"]
