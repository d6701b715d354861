"""One CEL test with its text: the piece that ``when``, ``always``, modifiers, caps and evidence share."""

from __future__ import annotations

from pydantic import Field

from jiaozi.policy.rules.parts import Named, Text, Truth


class Condition(Named):
    """One CEL test with its text; ``unpublished`` marks one that the city never stated."""

    test: Text = Field(alias="if")
    unpublished: Truth = False
