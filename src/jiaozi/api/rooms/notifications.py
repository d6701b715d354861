"""What the person behind a token was told, and what is told where."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Cursor, Limit, Page, at_id, page
from jiaozi.api.rooms.organisations import person_of
from jiaozi.api.shape import Json, Shape, Wish, one_of
from jiaozi.kernel import clock
from jiaozi.notice import queries
from jiaozi.notice import services as notice
from jiaozi.notice.models import Notification
from jiaozi.notice.rules import Choice, Topic, sentence
from jiaozi.party.rules import Scope

router = Router(tags=["notifications"])
TopicName = Annotated[Topic, one_of(Topic)]


class NotificationShape(Shape):
    """One line about one thing that happened."""

    id: UUID
    event: str = Field(description="stage and verb, such as `voucher.issue`")
    topic: TopicName
    zh: str
    en: str
    kind: str = Field(description="what `subject` is: an application, a voucher, an order, a statement …")
    subject: UUID
    at: datetime
    facts: Json = Field(description="what the words name: of `voucher.ends_soon` number, last_day and left_fen")
    read_at: datetime | None


class NotificationFilter(Wish):
    """A page of notifications."""

    limit: Limit = 50
    cursor: Cursor = ""


class Read(Shape):
    """How many notifications were unread and are read now."""

    read: int


class ReadWish(Wish):
    """Up to which notification all are read; without one, all."""

    up_to: UUID | None = None


class ChoiceShape(Shape):
    """How a topic is heard of."""

    topic: TopicName
    shown: bool = Field(description="on the page of notifications")
    mailed: bool = Field(description="by mail, gathered for a minute")


class Choices(Shape):
    """Every topic that the person can hear of."""

    items: list[ChoiceShape]


class ChoiceWish(Wish):
    """How one topic is heard of from now on."""

    topic: TopicName
    shown: bool
    mailed: bool


class ChoicesWish(Wish):
    """Topics to change; the others stay as they are."""

    items: Annotated[list[ChoiceWish], Field(min_length=1, max_length=len(Topic))]


def _shown(row: Notification) -> NotificationShape:
    label = sentence(row.event, row.facts)
    kept = {name: getattr(row, name) for name in ("id", "event", "kind", "subject", "at", "facts", "read_at")}
    return NotificationShape(topic=Topic(row.topic), zh=label.zh, en=label.en, **kept)


def _choices(rows: list[Choice]) -> Choices:
    return Choices(items=[ChoiceShape(topic=row.topic, shown=row.shown, mailed=row.mailed) for row in rows])


@reads(router, "/notifications", Page[NotificationShape])
def list_notifications(request: Asked, asked: Query[NotificationFilter]) -> Page[NotificationShape]:
    """What the person behind the token was told, the latest first."""
    rows = queries.notifications(person_of(request), after=at_id(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _shown, lambda each: (each.id,))


@writes(router, "/notifications/read", Read, scope=Scope.READ)
def read_notifications(request: Asked, given: ReadWish) -> Read:
    """Note that notifications were read."""
    return Read(read=notice.read(person=person_of(request), now=clock.now(), up_to=given.up_to))


@reads(router, "/notifications/choices", Choices)
def list_notification_choices(request: Asked) -> Choices:
    """What the person hears of on the page and by mail."""
    return _choices(queries.choices(person_of(request), now=clock.now()))


@writes(router, "/notifications/choices", Choices, scope=Scope.READ)
def choose_notifications(request: Asked, given: ChoicesWish) -> Choices:
    """Choose what is heard of where, from now on."""
    wanted = [Choice(each.topic, each.shown, each.mailed) for each in given.items]
    return _choices(notice.choose(person=person_of(request), wanted=wanted, now=clock.now()))
