"""What a quote rests on: the engine's step and lag that its hold covers, when it ends, when the state last changed."""

from django.db import migrations, models

# Orders from before take their centre's figures, which were those of their hold, and the default life of a quote.
_FILL = """
UPDATE compute_order SET
  engine_granularity_ms = coalesce(c.engine_granularity_ms, 1),
  kill_lag_ms = coalesce(c.kill_lag_ms, 0),
  expires_at = quoted_at + interval '900 seconds',
  moved_at = coalesce(ended_at, started_at, quoted_at)
FROM catalogue_centre c WHERE c.id = compute_order.centre_id
"""
_INSTANTS = ("expires_at", "moved_at")
_LENGTHS = ("engine_granularity_ms", "kill_lag_ms")


def _fields(null: bool) -> list[tuple[str, models.Field]]:
    return [(name, models.IntegerField(null=null)) for name in _LENGTHS] + [
        (name, models.DateTimeField(null=null)) for name in _INSTANTS
    ]


class Migration(migrations.Migration):
    dependencies = [("order", "0001_initial")]
    operations = [
        *[migrations.AddField("order", name, field) for name, field in _fields(null=True)],
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        *[migrations.AlterField("order", name, field) for name, field in _fields(null=False)],
    ]
