"""When the database server began that stored an order's quote; of orders that are there already nobody knows."""

from django.db import migrations, models
from django.db.models import Func


class Migration(migrations.Migration):
    dependencies = [("order", "0009_templates")]
    operations = [
        migrations.AddField("order", "server_began_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "order",
            "server_began_at",
            models.DateTimeField(
                null=True,
                db_default=Func(function="pg_postmaster_start_time", output_field=models.DateTimeField()),
            ),
        ),
    ]
