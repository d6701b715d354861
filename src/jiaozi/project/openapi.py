"""The API's document for whoever has no running server at hand."""

from __future__ import annotations

from typing import Any


def document() -> dict[str, Any]:
    """Give the OpenAPI document; Django must be loaded, the database need not be there."""
    from jiaozi.api.document import document as made  # noqa: PLC0415 - Django had to be loaded first

    return made()
