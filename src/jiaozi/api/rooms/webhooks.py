"""Webhooks: addresses that are told what happens, and the log of what each was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Cursor, Limit, Page, at_id, page
from jiaozi.api.shape import Shape, Wish, id_of, one_of
from jiaozi.kernel import clock
from jiaozi.notice import queries
from jiaozi.notice import services as notice
from jiaozi.notice.models import Delivery, Webhook
from jiaozi.notice.rules import EVENT_MAX, EVENTS_MAX, URL_MAX, DeliveryState, place_of
from jiaozi.party.rules import Scope

router = Router(tags=["webhooks"])
StateName = Annotated[DeliveryState, one_of(DeliveryState)]


class WebhookShape(Shape):
    """An address that is told what happens to a place's affairs; without events it hears everything."""

    id: UUID
    organisation: UUID | None = id_of("organisation")
    centre: str
    programme: str
    url: str
    events: list[str]
    created_at: datetime
    failing_since: datetime | None = Field(description="since when it took nothing; after five days it is ended")
    ended_at: datetime | None


class Webhooks(Shape):
    """A place's webhooks, the latest first."""

    items: list[WebhookShape]


class WebhookWish(Wish):
    """An https address, and what it wants to hear: `voucher.issue`, `order.*`; nothing for everything."""

    url: Annotated[str, Field(min_length=1, max_length=URL_MAX)]
    events: Annotated[list[Annotated[str, Field(max_length=EVENT_MAX)]], Field(max_length=EVENTS_MAX)] = []


class SecretShape(Shape):
    """What verifies a webhook's messages (Standard Webhooks, `whsec_…`)."""

    secret: str


class DeliveryShape(Shape):
    """One message, and what became of it."""

    id: UUID = Field(description="the message's `webhook-id`")
    line: UUID = Field(description="the line of the journal that it tells")
    event: str
    body: str
    state: StateName
    attempts: int
    next_at: datetime
    delivered_at: datetime | None
    status: int | None
    failure: str
    created_at: datetime


class DeliveryFilter(Wish):
    """A page of messages."""

    limit: Limit = 50
    cursor: Cursor = ""


def _shown(row: Webhook) -> WebhookShape:
    return WebhookShape.model_validate(row)


def _delivery(row: Delivery) -> DeliveryShape:
    return DeliveryShape.model_validate(row)


@reads(router, "/webhooks", Webhooks)
def list_webhooks(request: Asked) -> Webhooks:
    """The webhooks of the caller's organisation, centre or programme; for its administrators."""
    return Webhooks(items=[_shown(row) for row in queries.webhooks(place_of(request.auth))])


@writes(router, "/webhooks", WebhookShape, scope=Scope.ADMINISTER)
def add_webhook(request: Asked, given: WebhookWish) -> WebhookShape:
    """Have an address told what happens from now on; its secret is read beside it."""
    return _shown(notice.add_webhook(url=given.url, events=given.events, by=request.auth, now=clock.now()))


@reads(router, "/webhooks/{webhook_id}/secret", SecretShape, scope=Scope.ADMINISTER)
def get_webhook_secret(request: Asked, webhook_id: UUID) -> SecretShape:
    """The secret that signs a webhook's messages."""
    return SecretShape(secret=notice.secret(webhook_id, by=request.auth))


@reads(router, "/webhooks/{webhook_id}/deliveries", Page[DeliveryShape])
def list_webhook_deliveries(request: Asked, webhook_id: UUID, asked: Query[DeliveryFilter]) -> Page[DeliveryShape]:
    """What a webhook was sent, the latest first, and what became of it."""
    row = queries.webhook(webhook_id, place_of(request.auth))
    rows = queries.deliveries(row.id, after=at_id(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _delivery, lambda each: (each.id,))


@writes(router, "/webhooks/{webhook_id}/end", WebhookShape, scope=Scope.ADMINISTER)
def end_webhook(request: Asked, webhook_id: UUID) -> WebhookShape:
    """Tell an address nothing any more."""
    return _shown(notice.end_webhook(webhook_id=webhook_id, by=request.auth, now=clock.now()))
