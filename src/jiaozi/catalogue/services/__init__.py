"""Writing the catalogue: it is loaded from its files as a whole."""

from jiaozi.catalogue.services.loading import Loaded, load

__all__ = ["Loaded", "load"]
