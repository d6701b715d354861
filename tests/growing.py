"""Many rows at once, for tests that count what a list costs: copies of rows that the verbs made."""

from uuid import uuid4

from jiaozi.application.models import Application
from jiaozi.journal.models import JournalLine
from jiaozi.order.models import Order
from jiaozi.party.models import Organisation
from jiaozi.voucher.models import Voucher

FEW, MANY = 10, 10_000


def copies(model, template, count, **unlike):
    """Put copies of a row into the table; what must differ from row to row is told."""
    rows = []
    for index in range(count):
        row = model(**{field.attname: getattr(template, field.attname) for field in model._meta.concrete_fields})
        row.pk = uuid4()
        for name, value in unlike.items():
            setattr(row, name, value(index))
        rows.append(row)
    model.objects.bulk_create(rows, batch_size=2_000)
    return rows


def grow(holder, count):
    """Put so many more organisations, applications, vouchers, orders and journal lines into the tables."""
    organisation = Organisation.objects.get(id=holder)
    copies(Organisation, organisation, count, uscc=lambda index: f"{count:06}{index:012}")
    dossiers = copies(Application, Application.objects.filter(state="APPROVED").first(), count, once_key=lambda _: None)
    made = iter(dossiers)
    copies(Voucher, Voucher.objects.order_by("id").first(), count, application_id=lambda _: next(made).id)
    copies(Order, Order.objects.order_by("id").first(), count)
    copies(JournalLine, JournalLine.objects.order_by("id").first(), count)
