"""Every cap of a programme as the public may read it: its limit where it is known, and said so where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jiaozi.kernel.label import Label
from jiaozi.policy.rules.caps import cap_use, limit_of
from jiaozi.policy.rules.decision import CapUse
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Measure, Per, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """One cap.

    Attributes
    ----------
    limit_fen
        None where it is not published and no demo value may stand in, or where it is a share of a fact.
    unpublished
        Whether its figure is one that the city has not published; a limit beside it is a demo value then.
    use
        Its counter, where the whole programme shares it and its limit is known.
    """

    cap_id: str
    label: Label
    measures: Measure
    per: Per
    subject: Subject
    limit_fen: int | None
    unpublished: bool
    use: CapUse | None


def caps_of(document: Document, on: date, *, allow_demo: bool) -> tuple[Cap, ...]:
    """Give every cap of a programme on a day, those that the whole programme shares first."""
    found = [_cap(document, name, on, allow_demo) for name in document.programme.caps]
    return tuple(sorted(found, key=lambda cap: cap.subject is not Subject.PROGRAMME))


def _cap(document: Document, name: str, on: date, allow_demo: bool) -> Cap:
    cap, weighing = document.programme.caps[name], Weighing(document, {}, {}, on, allow_demo)
    shared = cap.subject is Subject.PROGRAMME
    use = cap_use(weighing, name) if shared else None
    limit_fen = use.limit_fen if use else limit_of(weighing, cap) if cap.amount is not None else None
    return Cap(
        cap_id=name,
        label=cap.label,
        measures=cap.measures,
        per=cap.per,
        subject=cap.subject,
        limit_fen=limit_fen,
        unpublished=bool(weighing.unpublished) or (cap.amount is not None and limit_fen is None),
        use=use,
    )
