"""FOCUS 1.2, the FinOps Open Cost and Usage Specification: the columns that a usage record needs, and no cost.

A row of usage is quantity in units by time over a charge period. What it costs is never believed: it is rated by the
catalogue like all usage. A row whose ``ChargeClass`` is ``Correction`` adds to what was reported for an earlier period:
it is a record of its own, or is held back where it takes something back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from jiaozi.catalogue.rules import ResourceKind
from jiaozi.kernel.refusal import Reason
from jiaozi.metering.rules import reasons
from jiaozi.metering.rules.bounds import RECORD_ID_MAX, RESOURCE_MAX
from jiaozi.metering.rules.entry import RUN_MAX_MS, UNITS_MAX, Contents, Entry, Unreadable, signed
from jiaozi.metering.rules.table import Row, decimal_of, entries, instant_of, order_of, text_of, whole_of
from jiaozi.metering.rules.usage_csv import class_named
from jiaozi.metering.rules.words import ACCOUNT_MAX, is_clean, shown
from jiaozi.order.ports import JobOutcome

NEEDED = (
    "ChargeCategory",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ResourceId",
    "SkuId",
    "SubAccountId",
)
ORDER_TAG = "jiaozi-order"
"""Key in ``Tags`` under which a centre gives the order that a row is of."""
_UNIT = re.compile(r"(?:([a-z]+)[ -])?(hour|hr|minute|min|second|sec)s?", re.ASCII)
_MS = {"hour": 3_600_000, "hr": 3_600_000, "minute": 60_000, "min": 60_000, "second": 1_000, "sec": 1_000}
_COUNTED = {
    **dict.fromkeys(("core", "cores", "vcpu", "vcpus", "cpu", "cpus"), ResourceKind.CPU),
    **dict.fromkeys(("gpu", "gpus", "npu", "npus", "card", "cards", "accelerator", "accelerators"), ResourceKind.CARD),
    **dict.fromkeys(("node", "nodes", "instance", "instances"), ResourceKind.NODE),
}
_CHINESE = {"核时": "core-hours", "卡时": "card-hours", "节点时": "node-hours", "机时": "node-hours"}
_SHOWN_MAX = 60


def read(text: str, classes: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]) -> Contents:
    """Read rows of usage; rows of other categories are counted and passed over. ``SkuId`` names the resource class."""
    return entries(text, lambda row: _entry(row, classes, kinds), needed=NEEDED)


def _entry(row: Row, classes: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]) -> Entry | str:
    category = row["ChargeCategory"].strip()
    if category != "Usage":
        return f"ChargeCategory {category[:40] if category.isalpha() else 'unknown'}"
    order_id = _order(row.get("Tags", ""))
    started_ms, ended_ms = instant_of(row, "ChargePeriodStart"), instant_of(row, "ChargePeriodEnd")
    if ended_ms <= started_ms:
        raise Unreadable("ChargePeriodEnd须晚于ChargePeriodStart", "ChargePeriodEnd must be after ChargePeriodStart")
    resource_class = class_named(text_of(row, "SkuId", RESOURCE_MAX), classes)
    correction = row.get("ChargeClass", "").strip() == "Correction"
    wrong, unit_ms = _quantity(row, kinds.get(resource_class, ""), correction=correction)
    units = _units(row, unit_ms, ended_ms - started_ms)
    entry = signed(
        Entry(
            name="",
            started_ms=started_ms,
            elapsed_ms=-(-unit_ms // units) if unit_ms < 0 else unit_ms // units,
            units=0 if wrong is not None and not unit_ms else units,
            account="" if order_id else _account(row),
            resource_class=resource_class,
            outcome=JobOutcome.LOST,
            digest=b"",
            wrong=wrong,
            ended_ms=ended_ms,
            order_id=order_id,
        )
    )
    return entry._replace(name=_name(row, entry, correction=correction))


def _quantity(row: Row, kind: str, *, correction: bool) -> tuple[Reason | None, int]:
    """Give what keeps a quantity from being charged, and it in units by milliseconds, rounded towards zero."""
    quantity, unit = decimal_of(row, "ConsumedQuantity"), row["ConsumedUnit"].strip()
    if quantity is None and correction:
        return reasons.correction_takes_back(), 0
    if quantity is None:
        raise Unreadable("缺少ConsumedQuantity", "ConsumedQuantity is missing")
    shown_unit = ascii(unit)[1:-1][:_SHOWN_MAX] if not is_clean(unit, _SHOWN_MAX) else unit
    found = _UNIT.fullmatch(_CHINESE.get(unit, unit.lower()))
    counted = _COUNTED.get(found[1]) if found and found[1] else None
    if found is None or (found[1] and counted is None):
        return reasons.unit_unknown(str(quantity)[:_SHOWN_MAX], shown_unit or "(ConsumedUnit)"), 0
    unit_ms = int(quantity * Decimal(_MS[found[2]]))
    if abs(unit_ms) > RUN_MAX_MS * UNITS_MAX:
        raise Unreadable("ConsumedQuantity超出范围", "ConsumedQuantity is out of range")
    if correction and unit_ms < 0:
        return reasons.correction_takes_back(), unit_ms
    if counted is not None and kind and counted != kind:
        return reasons.unit_differs(shown_unit, kind), unit_ms
    return None, unit_ms


def _units(row: Row, unit_ms: int, span_ms: int) -> int:
    """Give how many units ran side by side: as told, else the fewest that fit into the charge period."""
    told = whole_of(row, "x_Units", UNITS_MAX)
    if told is not None and told < 1:
        raise Unreadable("x_Units须至少为1", "x_Units must be at least 1")
    fewest = max(1, -(-abs(unit_ms) // span_ms))
    if fewest > UNITS_MAX:
        raise Unreadable("ConsumedQuantity超出所在周期可能的用量", "ConsumedQuantity is past what the period can hold")
    return told or fewest


def _name(row: Row, entry: Entry, *, correction: bool) -> str:
    """Name a row: FOCUS has no id of its own, so by resource, SKU and period; a correction by its content as well."""
    told = text_of(row, "x_RecordId", RECORD_ID_MAX, needed=False)
    if told:
        return told
    resource = text_of(row, "ResourceId", RECORD_ID_MAX)
    name = f"focus:{resource}:{entry.resource_class}:{entry.started_ms}"
    name += f":correction:{entry.digest.hex()[:16]}" if correction else ""
    if len(name) > RECORD_ID_MAX:
        raise Unreadable("ResourceId过长，请另给x_RecordId", "ResourceId is too long: give an x_RecordId")
    return name


def _account(row: Row) -> str:
    name = "SubAccountId" if row["SubAccountId"].strip() else "BillingAccountId"
    return text_of(row, name, ACCOUNT_MAX)


def _order(tags: str) -> UUID | None:
    """Read the order out of a row's tags, a JSON object."""
    if not tags.strip() or tags.strip() == "null":
        return None
    try:
        found: Any = json.loads(tags)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unreadable(f"Tags应为JSON对象：{shown(tags)}", f"Tags must be a JSON object, not {shown(tags)}")
    told = found.get(ORDER_TAG) or ""
    if not isinstance(told, str):
        raise Unreadable(f"Tags.{ORDER_TAG}应为文本", f"Tags.{ORDER_TAG} must be text")
    return order_of(told, f"Tags.{ORDER_TAG}")
