"""The catalogue's rules: where compute is, what it is, what it costs, and how a price may change."""

from jiaozi.catalogue.rules.assembly import FILES, Catalogue, read_catalogue, tariff_of_entry
from jiaozi.catalogue.rules.network import CentreKind, Grade, Tier
from jiaozi.catalogue.rules.pricing import Proposal, Repricing, check_publisher, reprice
from jiaozi.catalogue.rules.reading import Problem, UnableToLoad
from jiaozi.catalogue.rules.resource import UNIT_OF, ResourceKind, Unit
from jiaozi.catalogue.rules.tariff import (
    ANYONE,
    Tariff,
    UnableToPrice,
    billable_ms,
    charge_ufen,
    most,
    movement_fen,
    price_fen,
    run_price_fen,
    tariff_for,
)
from jiaozi.catalogue.rules.versions import Change, UnableToPublish, check_no_overlap, publish

__all__ = [
    "ANYONE",
    "FILES",
    "UNIT_OF",
    "Catalogue",
    "CentreKind",
    "Change",
    "Grade",
    "Problem",
    "Proposal",
    "Repricing",
    "ResourceKind",
    "Tariff",
    "Tier",
    "UnableToLoad",
    "UnableToPrice",
    "UnableToPublish",
    "Unit",
    "billable_ms",
    "charge_ufen",
    "check_no_overlap",
    "check_publisher",
    "most",
    "movement_fen",
    "price_fen",
    "publish",
    "read_catalogue",
    "reprice",
    "run_price_fen",
    "tariff_for",
    "tariff_of_entry",
]
