"""What a later claim under a decision comes to: the same clause on what was really paid, and the caps of that day."""

from __future__ import annotations

from datetime import date

from jiaozi.policy.rules import facts as fact_reading
from jiaozi.policy.rules.caps import cap_use
from jiaozi.policy.rules.deciding import decide
from jiaozi.policy.rules.decision import CapUse, Decision
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.weighing import Weighing


def decide_on_base(document: Document, decision: Decision, base_fen: int) -> Decision | None:
    """Decide a grant's own clause again, with what was really paid in place of the money it was granted on.

    The day, and all other facts, stay those of the grant; what was used of a cap before doesn't count, because the
    grant itself is part of it. None where the clause's amount follows from no money fact: its face is all there is.
    """
    amount = document.clause(decision.chosen).amount
    if amount is None or not amount.of:
        return None
    base, *others = amount.of
    made_from = decision.inputs
    return decide(
        document,
        clause_id=decision.chosen,
        facts={**made_from.facts, **dict.fromkeys((*others, *amount.less), 0), base: base_fen},
        counters={},
        on=made_from.on,
        allow_demo=made_from.allow_demo,
    )


def caps_on(document: Document, decision: Decision, on: date) -> tuple[CapUse, ...]:
    """Give a decision's caps as they count on another day: a cap per year has another counter in another year."""
    known = fact_reading.read(document.programme.facts, decision.inputs.facts)
    weighing = Weighing(document, known, {}, on, decision.inputs.allow_demo)
    return tuple(cap_use(weighing, use.cap_id) or use for use in decision.caps)
