"""Keeping jobs as templates of an organisation: from a form or an old order, renamed, deleted, quoted anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.order import queries
from jiaozi.order.models import Order, OrderTemplate
from jiaozi.order.rules import Session, check_words
from jiaozi.order.rules import template as rules
from jiaozi.order.rules import wishes as wish_rules
from jiaozi.order.rules.template import Asked
from jiaozi.order.services.quoting import quote
from jiaozi.order.services.repeating import asked
from jiaozi.party.rules import Actor


@transaction.atomic
def keep_template(*, name: str, job: Asked, organisation: UUID, by: Actor, now: datetime) -> OrderTemplate:
    """Keep a job under a name; whether it could run is asked when it is quoted.

    Raises
    ------
    UnableToKeepTemplate, UnableToQuote
        When the name is taken or none, there are too many, or a text can't be kept.
    """
    rules.check_member(by, organisation)
    name, title = rules.check_name(name), check_words(job.request, job.title, job.files)
    wish_rules.check(job.wishes, job.files)
    kept = replace(job, title=title).for_all().to_json()
    _one_at_a_time(organisation)
    rules.check_room(queries.count_templates(organisation), kept)
    row = OrderTemplate(
        id=new_id(), organisation_id=organisation, name=name, job=kept, made_by=by.name, made_at=now, changed_at=now
    )
    with _named(name):
        row.save(force_insert=True)
    _tell("keep_template", row, by, now)
    return row


def keep_order(*, order_id: UUID, name: str, by: Actor, now: datetime) -> OrderTemplate:
    """Keep what an order asked for under a name.

    Raises
    ------
    UnableToKeepTemplate, UnableToHold, UnableToFindOrder
        As for a job, and when the order is another's or not there.
    """
    job = asked(order_id=order_id, by=by)
    holder = queries.order(order_id).holder_id
    return keep_template(name=name, job=job, organisation=holder, by=by, now=now)


@transaction.atomic
def rename_template(*, template_id: UUID, name: str, by: Actor, now: datetime) -> OrderTemplate:
    """Give a template another name.

    Raises
    ------
    UnableToKeepTemplate, UnableToFindTemplate
        When the name is taken or none, or the template is another's or not there.
    """
    row = queries.template(template_id, by, lock=True)
    row.name, row.changed_at = rules.check_name(name), now
    with _named(row.name):
        there = OrderTemplate.objects.filter(id=row.id).update(name=row.name, changed_at=now)
    if not there:
        raise queries.no_template(template_id)
    _tell("rename_template", row, by, now)
    return row


@transaction.atomic
def delete_template(*, template_id: UUID, by: Actor, now: datetime) -> None:
    """Delete a template; orders that came of it stay as they are.

    Raises
    ------
    UnableToKeepTemplate, UnableToFindTemplate
        When it is another's or not there.
    """
    row = queries.template(template_id, by, lock=True)
    _tell("delete_template", row, by, now)
    row.delete()


def quote_template(*, template_id: UUID, voucher_id: UUID, authorized_key: str = "", by: Actor, now: datetime) -> Order:
    """Quote a template's job at today's price on a voucher; nothing is held. A session by SSH needs one's own key.

    Raises
    ------
    UnableToKeepTemplate, UnableToFindTemplate, UnableToQuote
        As for a new order, and when the template is another's or not there.
    """
    job = rules.read_back(queries.template(template_id, by).job)
    session = job.request.session and Session(opens=job.request.session.opens, authorized_key=authorized_key)
    request = replace(job.request, session=session)
    return quote(
        voucher_id=voucher_id, request=request, title=job.title, by=by, now=now, files=job.files, wishes=job.wishes
    )


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say in a sentence that the name is taken."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as clash:
        if "order_template_name" not in str(clash):
            raise
        raise rules.name_taken(name) from None


def _one_at_a_time(organisation: UUID) -> None:
    """Let templates of one organisation be counted one after the other."""
    with connection.cursor() as cursor:
        name = f"order.template/{organisation}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _tell(verb: str, row: OrderTemplate, by: Actor, now: datetime) -> None:
    journal.write(Line("order", verb, row.id, "", "", by.name, now, {"organisation": str(row.organisation_id)}))
