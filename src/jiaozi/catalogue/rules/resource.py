"""What a centre sells and by which unit it is counted."""

from __future__ import annotations

from enum import StrEnum

from jiaozi.kernel.label import Label


class Unit(StrEnum):
    """What a tariff's rate is for: one core, card or node, occupied for one hour."""

    CORE_HOUR = "CORE_HOUR"
    CARD_HOUR = "CARD_HOUR"
    NODE_HOUR = "NODE_HOUR"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _UNITS[self]


_UNITS = {
    Unit.CORE_HOUR: Label("核时", "core-hour"),
    Unit.CARD_HOUR: Label("卡时", "card-hour"),
    Unit.NODE_HOUR: Label("节点时", "node-hour"),
}


class ResourceKind(StrEnum):
    """Which part of a machine the units count."""

    CPU = "CPU"
    CARD = "CARD"
    NODE = "NODE"


UNIT_OF = {ResourceKind.CPU: Unit.CORE_HOUR, ResourceKind.CARD: Unit.CARD_HOUR, ResourceKind.NODE: Unit.NODE_HOUR}
"""The unit that counts each kind; a class with another would be rated by the wrong thing."""
