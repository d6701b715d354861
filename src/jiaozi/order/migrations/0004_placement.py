"""Where dispatch placed an order, and how often anew. Orders from before named their centre themselves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("order", "0003_standing")]
    operations = [
        migrations.AddField("order", "moves", models.SmallIntegerField(default=0)),
        migrations.AddField("order", "placement", models.JSONField(default=dict)),
        migrations.AddField("order", "pinned", models.BooleanField(default=True)),
        migrations.AlterField("order", "pinned", models.BooleanField(default=False)),
    ]
