"""Jobs that were found and stopped although their orders had let go of them."""

from django.db import migrations, models

_LET_GO = models.Q(state="FAILED") | models.Q(reason_code="JOB_LOST") | models.Q(moves__gt=0)


class Migration(migrations.Migration):
    dependencies = [("order", "0004_placement")]
    operations = [
        migrations.AddField("order", "stray_at", models.DateTimeField(null=True)),
        migrations.AddIndex("order", models.Index(fields=["-moved_at"], name="order_let_go", condition=_LET_GO)),
    ]
