"""Checks on relations: bought from a related supplier, and both ends of one contract claiming for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from jiaozi.alert.rules.parameters import Parameters
from jiaozi.alert.rules.suspicion import AlertKind, Level, Subject, Suspicion
from jiaozi.kernel.label import Label
from jiaozi.party.rules import Group, say_path

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Who buys from whom, and for what affair."""

    subject: Subject
    holder: UUID
    supplier: UUID
    asked_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim of support on a contract or an order, by whom; ``reference`` is its number as written."""

    subject: Subject
    holder: UUID
    reference: str
    asked_by: str = ""


def normalised(number: str) -> str:
    """Give a contract's or invoice's number as it compares: full width, case, blanks and signs don't count.

    >>> normalised(" ｈｔ－2023/001 号"), normalised("HT2023 001号")
    ('HT2023001号', 'HT2023001号')
    """
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", number)).upper()


def related_supplier(
    purchase: Purchase, group: Group, names: Mapping[UUID, str], parameters: Parameters
) -> tuple[Suspicion, ...]:
    """Suspect a purchase from oneself or from a member of one's group, no further than ``depth`` steps away.

    ``group`` is the holder's, walked at least as far; a longer path than the parameter allows does not count.
    """
    if purchase.supplier == purchase.holder:
        name = names.get(purchase.holder, str(purchase.holder))
        reason, steps = Label(f"{name}向自身采购", f"{name} bought from itself"), 0
    else:
        path = group.paths.get(purchase.supplier)
        if path is None or len(path) > parameters.depth:
            return ()
        said, steps = say_path(group.centre, path, names), len(path)
        reason = Label(
            f"持券人与供给方有关联（{steps}步）：{said.zh}",
            f"holder and supplier are related in {steps} steps: {said.en}",
        )
    return (
        Suspicion(
            kind=AlertKind.RELATED_SUPPLIER,
            subject=purchase.subject,
            level=Level.HIGH if steps <= 1 else Level.MEDIUM,
            reason=reason,
            figures={"steps": steps, "supplier": str(purchase.supplier)},
            thresholds={"depth": parameters.depth, "share_least_bp": parameters.share_least_bp},
            rule="related_supplier",
            version=VERSION,
            asked_by=purchase.asked_by,
        ),
    )


def both_ends(
    claim: Claim, others: Iterable[Claim], group: Group, names: Mapping[UUID, str], parameters: Parameters
) -> tuple[Suspicion, ...]:
    """Suspect a claim when a related organisation of the holder claims for the same contract or order."""
    number = normalised(claim.reference)
    found = []
    for other in others:
        path = group.paths.get(other.holder)
        same = bool(number) and normalised(other.reference) == number and other.subject != claim.subject
        if not same or path is None or len(path) > parameters.depth:
            continue
        said = say_path(group.centre, path, names)
        found.append(
            Suspicion(
                kind=AlertKind.BOTH_ENDS,
                subject=claim.subject,
                level=Level.HIGH,
                reason=Label(
                    f"关联双方就同一合同或订单{claim.reference}重复申领：{said.zh}",
                    f"two related organisations claim for the same contract or order {claim.reference}: {said.en}",
                ),
                figures={"number": number, "other_holder": str(other.holder), "steps": len(path)},
                thresholds={"depth": parameters.depth, "share_least_bp": parameters.share_least_bp},
                evidence=(str(other.subject),),
                rule="both_ends",
                version=VERSION,
                asked_by=claim.asked_by,
            )
        )
    return tuple(found)
