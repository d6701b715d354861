"""How a reader wants the pages to look: type size, light or dark; kept in cookies, so that no script is needed."""

from __future__ import annotations

from collections.abc import Mapping

LOOKS = {"size": ("normal", "large"), "theme": ("auto", "light", "dark")}
"""Cookie → what it may say; the first is what a page looks like without it."""
KEPT_FOR_S = 365 * 24 * 3600


def looks(cookies: Mapping[str, str]) -> dict[str, str]:
    """Give what is chosen; a cookie that says anything else counts for nothing.

    >>> looks({"size": "large", "theme": "<b>"})
    {'size': 'large', 'theme': 'auto'}
    """
    return {name: value if (value := cookies.get(name, "")) in values else values[0] for name, values in LOOKS.items()}
