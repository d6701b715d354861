"""How the compute network is laid out: tiers around the city, kinds of centre, and how far a figure can be trusted."""

from __future__ import annotations

from enum import StrEnum

from jiaozi.kernel.label import Label


class Tier(StrEnum):
    """How far out a centre is; placement prefers the inner tiers, as Chengdu 2023 orders them."""

    CITY = "CITY"
    METRO = "METRO"
    CHENGYU = "CHENGYU"
    NATIONAL = "NATIONAL"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _TIERS[self]


_TIERS = {
    Tier.CITY: Label("市内", "city"),
    Tier.METRO: Label("都市圈", "metro area"),
    Tier.CHENGYU: Label("成渝", "Chengdu-Chongqing"),
    Tier.NATIONAL: Label("国家枢纽", "national hubs"),
}


class CentreKind(StrEnum):
    """What a centre computes with; ``SITE`` is a place on the map whose centres are not listed yet."""

    SUPER = "SUPER"
    INTELLIGENT = "INTELLIGENT"
    CLOUD = "CLOUD"
    EDGE = "EDGE"
    SITE = "SITE"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _KINDS[self]


_KINDS = {
    CentreKind.SUPER: Label("超算", "supercomputing"),
    CentreKind.INTELLIGENT: Label("智算", "AI computing"),
    CentreKind.CLOUD: Label("通用云", "cloud"),
    CentreKind.EDGE: Label("边缘", "edge"),
    CentreKind.SITE: Label("站点", "site"),
}


class Grade(StrEnum):
    """Where a figure comes from.

    A: a government site or regulator; B: a report of one; OWN: a centre's own publication here; DEMO: nowhere but here.
    """

    A = "A"
    B = "B"
    OWN = "OWN"
    DEMO = "DEMO"
