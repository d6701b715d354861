"""Reading holders' own money: what is left of it at each centre, and what was recorded there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import Centre
from jiaozi.kernel.ids import named_id
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.order.models import OwnCredit
from jiaozi.order.queries.reading import ROWS_MAX
from jiaozi.order.rules import own_account
from jiaozi.party import queries as party
from jiaozi.party.models import Organisation
from jiaozi.party.rules.organisation import USCC_LENGTH
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.models import NUMBER_DIGITS


@dataclass(frozen=True, slots=True)
class OwnMoney:
    """A holder's own money at a centre, in fen: free to be held for the next order, and held for those under way."""

    free_fen: int
    held_fen: int


def own_credit(reference: UUID) -> tuple[UUID, int] | None:
    """Give what was recorded as a holder's own money under a reference: its account and the amount in fen."""
    rows = LedgerTransfer.objects.filter(id=named_id("own", reference))
    return rows.values_list("credit_id", "amount_fen").first()


def own_money(programme: str, pairs: Iterable[tuple[UUID, str]]) -> Mapping[tuple[UUID, str], OwnMoney]:
    """Give the own money of holders at centres, by holder and centre, in one statement."""
    accounts = {pair: own_account(programme, *pair) for pair in pairs}
    found = ledger.balances(accounts.values())
    return {
        pair: OwnMoney(found[account.id].spendable, found[account.id].debits_pending)
        for pair, account in accounts.items()
    }


def own_places(programme: str, holder: UUID) -> Sequence[tuple[Centre, OwnMoney]]:
    """Give a holder's own money at each centre that is connected, or where something was recorded for it.

    In the catalogue's order; three statements.
    """
    rows = OwnCredit.objects.filter(programme=programme, holder_id=holder).order_by("centre_id")
    recorded = set(rows.values_list("centre_id", flat=True).distinct()[:ROWS_MAX])
    centres = [centre for centre in catalogue.centres() if centre.connected or centre.id in recorded]
    found = own_money(programme, [(holder, centre.id) for centre in centres])
    return [(centre, found[holder, centre.id]) for centre in centres]


def own_credits(
    *,
    programme: str,
    holder: UUID | None = None,
    centre: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[OwnCredit]:
    """Give what was recorded, the latest first, from after an instant and id, with holder and centre."""
    rows = OwnCredit.objects.filter(programme=programme).select_related("holder", "centre")
    if holder is not None:
        rows = rows.filter(holder_id=holder)
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    if after is not None:
        rows = rows.filter(at__lte=after[0]).exclude(at=after[0], id__gte=after[1])
    return list(rows.order_by("-at", "-id")[: min(limit, ROWS_MAX)])


def payer(text: str) -> Organisation:
    """Find a holder by its unified social credit code, or by the number of one of its vouchers.

    Raises
    ------
    UnableToFindOrganisation
        Saying what was looked for, or that vouchers of several holders have the number.
    """
    code = text.replace(" ", "").replace("-", "")
    found = party.by_uscc(code.upper()) if len(code) == USCC_LENGTH else None
    if found is None and len(code) == NUMBER_DIGITS:
        holders = vouchers.holders_of_number(code, most=2)
        if len(holders) > 1:
            raise party.UnableToFindOrganisation(
                "PAYER_AMBIGUOUS",
                f"编号“{code}”对应不止一个主体的算力券，请改用统一社会信用代码",
                f"vouchers of more than one organisation have the number {code}; use the unified social credit code",
                field="to",
            )
        found = party.organisation(holders[0]) if holders else None
    if found is None:
        raise party.UnableToFindOrganisation(
            "NO_SUCH_PAYER",
            f"没有统一社会信用代码或算力券编号为“{text[:40]}”的主体，请核对",
            f"no organisation has the code, or a voucher of the number, {text[:40]!r}; check it",
            field="to",
        )
    return found
