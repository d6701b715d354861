"""A quota in kind: how many card-seconds a grant comes to, at the price that its clause counts them with."""

from __future__ import annotations

from datetime import date

from jiaozi.policy.rules.decision import Decision
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.problems import UnableToDecide
from jiaozi.policy.rules.terms import Asked
from jiaozi.policy.rules.words import PayModel

SECONDS_PER_HOUR = 3600


def any_in_kind(document: Document) -> bool:
    """Say whether a programme has quotas in kind at all."""
    models = (document.programme.voucher.pay_model, *(each.pay_model for each in document.programme.classes.values()))
    return PayModel.QUOTA_IN_KIND in models


def in_kind(document: Document, decision: Decision) -> bool:
    """Say whether what a decision grants is a quota in kind."""
    kind = document.programme.classes.get(decision.clause.voucher_class) if decision.clause else None
    model = (kind.pay_model if kind else None) or document.programme.voucher.pay_model
    return model is PayModel.QUOTA_IN_KIND


def quota_s(document: Document, decision: Decision, amount_fen: int, on: date, *, allow_demo: bool) -> int:
    """Give the card-seconds that an amount buys at the clause's own price, rounded down.

    Raises
    ------
    UnableToDecide
        When the clause counts no quantity, or its price is not published.
    """
    amount = document.clause(decision.chosen).amount
    if amount is None or amount.quantity is None:
        raise UnableToDecide(
            "NO_QUANTITY",
            "实物配额条款须写明数量与单价（amount.quantity）",
            "a quota in kind needs `amount.quantity` with its price",
            field=decision.chosen,
        )
    price_fen: int = Asked(document, on, allow_demo).figure(amount.quantity.price)
    return amount_fen * SECONDS_PER_HOUR // price_fen
