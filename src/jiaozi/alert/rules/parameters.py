"""The checks' thresholds, one set a programme. The defaults are the house's own choice: no programme publishes any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role


class UnableToSetParameters(Refused):
    """A threshold is unknown, no whole number, or out of its range."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Thresholds; bp are hundredths of a percent, permille thousandths.

    Attributes
    ----------
    depth
        Steps between two organisations that still make them related.
    share_least_bp
        The smallest shareholding that is a step.
    similar_least_permille
        Shared pieces of text, of all pieces in both, from which two papers are nearly the same.
    shingle_characters
        Length of a piece of text.
    image_bits_most
        Bits in which the 256-bit fingerprints of two images may differ and still be nearly the same.
    split_window_days
        Days within which applications of related holders are added up.
    below_margin_bp, below_count_least
        A contract is just below a threshold within this share of it; so many of them are a pattern.
    end_users_most
        Unrelated end users that one holder's voucher may serve when the holder is no intermediary.
    cpu_least_permille, gpu_least_permille
        Load under which occupied processors or cards count as idle.
    load_least_ms
        Run time under which load says nothing.
    gpu_samples_least
        Samples under which a device's load says nothing.
    power_least_permille
        Share of the rated power under which a device counts as idle.
    differs_permille, differs_least_ms
        A claim differs from what was seen of it when it is off by more than this share and by more than this in units
        by time.
    """

    depth: int = 3
    share_least_bp: int = 2_500
    similar_least_permille: int = 850
    shingle_characters: int = 5
    image_bits_most: int = 60
    split_window_days: int = 90
    below_margin_bp: int = 500
    below_count_least: int = 2
    end_users_most: int = 3
    cpu_least_permille: int = 50
    gpu_least_permille: int = 50
    load_least_ms: int = 600_000
    gpu_samples_least: int = 10
    power_least_permille: int = 150
    differs_permille: int = 50
    differs_least_ms: int = 600_000

    def to_json(self) -> dict[str, int]:
        """Give all of them by name."""
        return asdict(self)


DEFAULTS = Parameters()
_RANGES: Mapping[str, tuple[int, int]] = {
    "depth": (0, 6),
    "share_least_bp": (1, 10_000),
    "similar_least_permille": (1, 1_000),
    "shingle_characters": (2, 50),
    "image_bits_most": (0, 255),
    "split_window_days": (0, 3_660),
    "below_margin_bp": (0, 10_000),
    "below_count_least": (1, 1_000),
    "end_users_most": (0, 100_000),
    "cpu_least_permille": (0, 1_000),
    "gpu_least_permille": (0, 1_000),
    "load_least_ms": (0, 366 * 24 * 3_600_000),
    "gpu_samples_least": (1, 1_000_000),
    "power_least_permille": (0, 1_000),
    "differs_permille": (0, 1_000),
    "differs_least_ms": (0, 366 * 24 * 3_600_000),
}


def changed(before: Parameters, values: Mapping[str, Any]) -> Parameters:
    """Give a programme's parameters with some of them changed.

    Raises
    ------
    UnableToSetParameters
        Naming the first that is unknown or out of range.
    """
    known = {each.name for each in fields(Parameters)}
    for name, value in values.items():
        if name not in known:
            there = ", ".join(sorted(known))
            raise UnableToSetParameters(
                "PARAMETER_UNKNOWN",
                f"没有参数{name}，可设：{there}",
                f"no parameter {name}; there are {there}",
                field=name,
            )
        least, most = _RANGES[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UnableToSetParameters(
                "PARAMETER_OUT_OF_RANGE",
                f"须为{least}至{most}之间的整数",
                f"must be a whole number from {least} to {most}",
                field=name,
            )
    return replace(before, **values)


def may_set(by: Actor) -> None:
    """Let officers set thresholds.

    Raises
    ------
    UnableToStep
        When it is anybody else.
    """
    if by.role is not Role.OFFICER:
        raise UnableToStep(
            "WRONG_ROLE",
            f"{by.role}无权设置预警参数，须由经办办理",
            f"{by.role} may not set thresholds; an officer may",
            field="role",
        )
