"""A statement in FOCUS 1.2 (FinOps Open Cost and Usage Specification): each line's use, and the voucher as its credit.

The usage row has the price by the tariff; the credit row takes the voucher's share off it, so that the sum of both is
what the holder pays itself. Times are UTC, amounts yuan.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from jiaozi.kernel.period import start_of_day
from jiaozi.settlement.rules.export.document import Document, Line
from jiaozi.settlement.rules.export.table import plain, safe
from jiaozi.settlement.rules.life import LineKind

COLUMNS = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency"),
    *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *("ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost"),
    *("ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice"),
    *("PricingCategory", "PricingCurrency", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName"),
    *("ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory"),
    *("SkuId", "SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType", "Tags", "x_Units"),
)
_GB = "GB"
"""The unit of data movement, 10^9 bytes."""
_UNITS = {"CORE_HOUR": "Core-Hours", "CARD_HOUR": "Card-Hours", "NODE_HOUR": "Node-Hours", _GB: "GB"}
_DECIMALS = Decimal("1e-12")


def statement_focus(document: Document) -> str:
    """Write two rows a line, ``Usage`` and, where a voucher paid, ``Credit``; an adjustment is a ``Correction``."""
    out = io.StringIO()
    write = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    write.writeheader()
    same = _same(document)
    for line in document.lines:
        common = {**same, **_common(line)}
        write.writerow({**common, **_usage(line)})
        if line.amount_fen:
            write.writerow({**common, **_credit(document, line)})
    return out.getvalue()


def _same(document: Document) -> Mapping[str, str]:
    start, end = (_utc(start_of_day(day)) for day in (document.first, document.last + timedelta(days=1)))
    return {
        "BillingAccountId": document.programme.id,
        "BillingAccountName": safe(document.programme.name),
        "BillingAccountType": "Programme",
        "BillingCurrency": "CNY",
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "InvoiceId": str(document.id),
        "InvoiceIssuerName": safe(document.centre.name),
        "ProviderName": safe(document.centre.name),
        "PublisherName": safe(document.centre.name),
        "ServiceCategory": "Compute",
        "ServiceSubcategory": "Other (Compute)",
    }


def _common(line: Line) -> Mapping[str, str]:
    return {
        "ChargeClass": "Correction" if line.kind is LineKind.ADJUSTMENT else "",
        "ChargePeriodStart": _utc(line.started_at),
        "ChargePeriodEnd": _utc(line.ended_at),
        "ResourceId": safe(line.reference),
        "ResourceName": safe(line.reference),
        "ResourceType": "File" if line.unit == _GB else "Job",
        "ServiceName": safe(line.resource.name),
        **({"ServiceCategory": "Networking", "ServiceSubcategory": "Other (Networking)"} if line.unit == _GB else {}),
        "SubAccountId": line.voucher,
        "SubAccountName": safe(line.holder.name),
        "SubAccountType": "Voucher",
    }


def _usage(line: Line) -> Mapping[str, str]:
    moved = line.unit == _GB
    counted = Decimal(line.moved_bytes) / 10**9 if moved else Decimal(line.unit_ms) / Decimal(3_600_000)
    quantity = counted.quantize(_DECIMALS).normalize()
    rate = Decimal(line.rate_ufen).scaleb(-8)
    price, unit = plain(line.price_fen), _UNITS[line.unit]
    return {
        "ChargeCategory": "Usage",
        "ChargeDescription": safe(f"{line.resource.name} {line.units}"),
        "ChargeFrequency": "Usage-Based",
        "BilledCost": price,
        "EffectiveCost": price,
        "ListCost": price,
        "ContractedCost": price,
        "ConsumedQuantity": f"{quantity:f}",
        "ConsumedUnit": unit,
        "PricingCategory": "Standard",
        "PricingCurrency": "CNY",
        "PricingQuantity": f"{quantity:f}",
        "PricingUnit": unit,
        "ListUnitPrice": f"{rate.normalize():f}",
        "ContractedUnitPrice": f"{rate.normalize():f}",
        "SkuId": line.resource.id,
        "SkuPriceId": str(line.tariff_id),
        "x_Units": str(line.units),
    }


def _credit(document: Document, line: Line) -> Mapping[str, str]:
    off = plain(-line.amount_fen)
    return {
        "ChargeCategory": "Credit",
        "ChargeDescription": safe(f"算力券抵扣 compute voucher {line.voucher}, {document.number}"),
        "ChargeFrequency": "Usage-Based",
        "BilledCost": off,
        "EffectiveCost": off,
        "ListCost": off,
        "ContractedCost": off,
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
