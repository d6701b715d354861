"""Reading webhooks, their deliveries, and whose affairs the lines of the journal are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from jiaozi.application.models import Application
from jiaozi.catalogue.models import TariffVersion
from jiaozi.kernel.refusal import Refused
from jiaozi.notice.models import Delivery, JournalCursor, Webhook
from jiaozi.notice.rules import DeliveryState, Place, Thing
from jiaozi.order.models import Order
from jiaozi.settlement.models import Award, Redemption, Statement
from jiaozi.voucher.models import Voucher

ROWS_MAX = 200
LINES_MAX = 1_000
_LINES = Path(__file__).parent.parent / "sql" / "lines.sql"
_FIRST = UUID(int=0)


class UnableToFindWebhook(Refused):
    """No webhook of this place has this id."""


class Told(NamedTuple):
    """A line of the journal, as far as a message tells it."""

    transaction: str
    id: UUID
    stage: str
    verb: str
    subject: UUID
    before: str
    after: str
    at: datetime
    by: str

    @property
    def event(self) -> str:
        """Its name in a message."""
        return f"{self.stage}.{self.verb}"


def webhook(id: UUID, place: Place, *, lock: bool = False) -> Webhook:  # noqa: A002 - the column's own name
    """Give one webhook of a place; another place's is as if it were not there.

    Raises
    ------
    UnableToFindWebhook
        When there is none.
    """
    rows = Webhook.objects.select_for_update(no_key=True) if lock else Webhook.objects.all()
    found = rows.filter(id=id, **_of(place)).first()
    if found is None:
        raise UnableToFindWebhook("NO_SUCH_WEBHOOK", f"没有通知地址{id}", f"no webhook {id}", field="webhook")
    return found


def webhooks(place: Place) -> list[Webhook]:
    """Give a place's webhooks, the latest first, ended ones too."""
    return list(Webhook.objects.filter(**_of(place)).order_by("-id")[:ROWS_MAX])


def live_count(place: Place) -> int:
    """Say how many webhooks of a place have not ended."""
    return Webhook.objects.filter(ended_at__isnull=True, **_of(place)).count()


def listening() -> list[Webhook]:
    """Give every webhook that has not ended."""
    return list(Webhook.objects.filter(ended_at__isnull=True).order_by("id"))


def deliveries(webhook_id: UUID, *, after: UUID | None = None, limit: int = 100) -> list[Delivery]:
    """Give a webhook's messages, the latest first, from after an id."""
    rows = Delivery.objects.filter(webhook_id=webhook_id).order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return list(rows[: max(1, min(limit, ROWS_MAX))])


def due(now: datetime, *, limit: int) -> list[UUID]:
    """Give the messages to be sent now, the longest waiting first."""
    rows = Delivery.objects.filter(state=DeliveryState.WAITING, next_at__lte=now, webhook__ended_at__isnull=True)
    return list(rows.order_by("next_at", "id").values_list("id", flat=True)[:limit])


def lines_after(cursor: JournalCursor) -> list[Told]:
    """Give the next lines of the journal, in the order of their transactions."""
    words: dict[str, Any] = {"transaction": cursor.transaction, "line": cursor.line, "most": LINES_MAX}
    with connection.cursor() as reader:
        reader.execute(_LINES.read_text(encoding="utf-8"), words)
        return [Told(*row) for row in reader.fetchall()]


def things(lines: Collection[Told]) -> dict[UUID, Thing]:
    """Say whose affairs the lines' subjects are, in seven statements; what is none of these is left out."""
    by_stage: dict[str, set[UUID]] = {}
    for line in lines:
        by_stage.setdefault(line.stage, set()).add(line.subject)
    paid = by_stage.get("settlement", set())
    found: dict[UUID, Thing] = {}
    kinds: dict[str, Iterable[Any]] = {
        "application": Application.objects.filter(id__in=by_stage.get("application", ())).values_list(
            "id", "programme", "holder_id"
        ),
        "voucher": Voucher.objects.filter(id__in=by_stage.get("voucher", ())).values_list(
            "id", "programme", "holder_id"
        ),
        "order": Order.objects.filter(id__in=by_stage.get("order", ())).values_list(
            "id", "programme", "holder_id", "centre_id"
        ),
        "redemption": Redemption.objects.filter(id__in=paid).values_list("id", "programme", "voucher__holder_id"),
        "award": Award.objects.filter(id__in=paid).values_list("id", "programme", "holder_id"),
    }
    for kind, rows in kinds.items():
        found |= {id_: replace(Thing(*rest), kind=kind) for id_, *rest in rows}
    statements = Statement.objects.filter(id__in=paid).values_list("id", "programme", "centre_id")
    found |= {id_: Thing(programme, None, centre, "statement") for id_, programme, centre in statements}
    priced = TariffVersion.objects.filter(id__in=by_stage.get("catalogue", ())).values_list("id", "centre_id")
    return found | {id_: Thing("", None, centre, "tariff") for id_, centre in priced}


def _of(place: Place) -> dict[str, object]:
    return {"organisation_id": place.organisation, "centre": place.centre, "programme": place.programme}
