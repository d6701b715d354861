"""Usage becomes money here: which record is new, what it costs, what is captured, what is held back and why."""

from __future__ import annotations

from enum import StrEnum


class UsageState(StrEnum):
    """What became of a usage record."""

    RECEIVED = "RECEIVED"
    CAPTURED = "CAPTURED"
    HELD_BACK = "HELD_BACK"


class CaptureKind(StrEnum):
    """Whether a capture resolved an order's hold, or posted imported usage that had none."""

    ORDER = "ORDER"
    IMPORT = "IMPORT"
