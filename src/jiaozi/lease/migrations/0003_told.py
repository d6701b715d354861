"""Know a job by who told it, under which lease and with which order's id, so that none stands for another's."""

from django.db import migrations, models
from django.db.models import F, Q

_FILL = """
ALTER TABLE lease_job DISABLE TRIGGER lease_job_no_change;
UPDATE lease_job j
   SET order_told = j.id,
       lease_told = coalesce(j.lease_id, (SELECT (l.body ->> 'lease')::uuid FROM journal_line l
                                           WHERE l.subject = j.id AND l.stage = 'lease' AND l.verb = 'lose' LIMIT 1));
ALTER TABLE lease_job ENABLE TRIGGER lease_job_no_change;
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial"), ("lease", "0002_guard")]
    operations = [
        migrations.AddField("leasejob", "lease_told", models.UUIDField(null=True)),
        migrations.AddField("leasejob", "order_told", models.UUIDField(null=True)),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AlterField("leasejob", "lease_told", models.UUIDField()),
        migrations.AlterField("leasejob", "order_told", models.UUIDField()),
        migrations.AddIndex("leasejob", models.Index(fields=["order_told"], name="lease_job_by_order")),
        migrations.AddConstraint(
            "leasejob",
            models.UniqueConstraint(name="lease_job_told_once", fields=["centre", "lease_told", "order_told"]),
        ),
        migrations.AddConstraint(
            "leasejob",
            models.CheckConstraint(
                name="lease_job_is_what_was_told",
                condition=(Q(order__isnull=True) | Q(order=F("order_told")))
                & (Q(lease__isnull=True) | Q(lease=F("lease_told"))),
            ),
        ),
    ]
