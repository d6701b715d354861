"""Saved files that stay at their centre are named by their path there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("order", "0011_own_credits")]
    operations = [migrations.AlterField("ordersession", "saved_name", models.CharField(max_length=400, blank=True))]
