"""What a dossier says that an abuse check looks at: its contract, its supplier, the caps that one holder has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

from jiaozi.alert.rules import Parameters
from jiaozi.application.rules.life import State
from jiaozi.kernel.label import Label
from jiaozi.party.rules.relation import WHOLE_BP
from jiaozi.policy.rules import CapUse, Decision
from jiaozi.policy.rules.words import Concurrence, Measure, Subject

LIVE = frozenset(State) - {State.DRAFT, State.REJECTED, State.WITHDRAWN}
"""States in which a dossier may still lead to money; a contract in another one may be claimed for again."""
DEPTH_MOST = 6
_ONCE = ("contract", "invoice")
ONE_OF: Mapping[Concurrence | None, Label] = {
    Concurrence.HIGHEST: Label("就高不重复", "the higher of them"),
    Concurrence.EXCLUSIVE: Label("只能择一享受", "one of them only"),
}
"""What a programme gives to a holder that meets two clauses which don't add up."""


@dataclass(frozen=True, slots=True)
class Words:
    """Which facts of a programme's document name what; empty where it has no such fact."""

    contract: str = ""
    supplier: str = ""


def words_of(subjects: Mapping[str, str], supplier: str | None, facts: Collection[str]) -> Words:
    """Find the facts that name the contract (else the invoice) and the supplier.

    >>> words_of({"holder": "applicant.id", "contract": "contract.id"}, None, ["purchase.supplier"])
    Words(contract='contract.id', supplier='purchase.supplier')
    """
    named = [name for name in facts if name.endswith(".supplier")]
    return Words(
        contract=subjects.get(Subject.CONTRACT) or subjects.get(Subject.INVOICE) or "",
        supplier=supplier or (named[0] if named else ""),
    )


def text_of(facts: Mapping[str, Any], name: str) -> str:
    """Give a fact as text, empty where it is missing or no text."""
    value = facts.get(name)
    return value if isinstance(value, str) else ""


def with_terms(parameters: Parameters, depth: int | None, stake: Fraction | None) -> Parameters:
    """Let the programme's own definition of related parties go before the house's thresholds."""
    if depth is not None:
        parameters = replace(parameters, depth=min(max(depth, 0), DEPTH_MOST))
    if stake is not None:
        parameters = replace(parameters, share_least_bp=min(max(ceil(stake * WHOLE_BP), 1), WHOLE_BP))
    return parameters


def split_cap(decision: Decision) -> CapUse | None:
    """Give the smallest cap that a holder has on what is issued to it; a split is measured against it."""
    caps = [use for use in decision.caps if use.subject is Subject.HOLDER and use.measures is Measure.ISSUED]
    return min(caps, key=lambda use: use.limit_fen, default=None)


def asked_once(paper: str) -> bool:
    """Say whether one holder's paper may serve one dossier only: a licence may come again, a contract may not."""
    return any(word in paper.lower() for word in _ONCE)
