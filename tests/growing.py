"""Many rows at once, for tests that count what a list costs: copies of rows that the verbs made."""

from django.db import connection

from jiaozi.application.models import Application
from jiaozi.journal.models import JournalLine
from jiaozi.order.models import Order
from jiaozi.party.models import Organisation
from jiaozi.voucher.models import Voucher

FEW, MANY = 10, 10_000


def copies(model, template, count, **unlike):
    """Put copies of a row into the table; how one differs from the next is told in SQL, by its number ``n``."""
    told = {model._meta.pk.column: "gen_random_uuid()", **unlike}
    columns = {field.column: told.get(field.column, f't."{field.column}"') for field in model._meta.concrete_fields}
    assert told.keys() <= columns.keys()
    table, names = f'"{model._meta.db_table}"', ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())}"
            f' FROM {table} t, generate_series(0, %s) n WHERE t."{model._meta.pk.column}" = %s',
            [count - 1, template.pk],
        )
        assert cursor.rowcount == count


def grow(holder, count):
    """Put so many more organisations, applications, vouchers, orders and journal lines into the tables."""
    dossier = f"md5('{count} ' || n)::uuid"
    copies(Organisation, Organisation.objects.get(id=holder), count, uscc=f"'{count:06}' || lpad(n::text, 12, '0')")
    copies(Application, Application.objects.filter(state="APPROVED").first(), count, id=dossier, once_key="NULL")
    copies(Voucher, Voucher.objects.order_by("id").first(), count, application_id=dossier)
    copies(Order, Order.objects.order_by("id").first(), count)
    copies(JournalLine, JournalLine.objects.order_by("id").first(), count)
