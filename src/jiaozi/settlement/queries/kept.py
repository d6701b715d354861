"""Reading totals that are kept, each exact to the moment: the kept ones with what came since."""

from __future__ import annotations

from jiaozi.settlement.models import Kept
from jiaozi.settlement.queries.reading import ROWS_MAX, Waiting, run


def since() -> int:
    """Say how far the totals reach, which the planner must know to tell how few rows came since.

    They may be added to before a statement reads them; that one asks again, in its own snapshot (``sql/totals.sql``).
    """
    return Kept.objects.values_list("tx", flat=True).get(id=1)


def waiting(*, programme: str = "") -> list[Waiting]:
    """Say what is captured and on no statement, by programme and centre, in two statements."""
    found = run("waiting_now.sql", since=since(), programme=programme or None, most=ROWS_MAX)
    return [Waiting(*each) for each in found]
