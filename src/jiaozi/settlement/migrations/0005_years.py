"""Let an advance be of a year, and a year be closed once."""

from pathlib import Path

import jiaozi.settlement.rules.position
from django.db import migrations, models

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0004_grants_guard'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClosedYear',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('programme', models.CharField(max_length=60)),
                ('year', models.IntegerField()),
                ('lapsed_fen', models.BigIntegerField()),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'settlement_closed_year',
            },
        ),
        migrations.AddField(
            model_name='fundmovement',
            name='year',
            field=models.IntegerField(null=True),
        ),
        migrations.RunSQL(
            (_SQL / "closed_year.sql").read_text(encoding="utf-8"),
            "DROP TRIGGER settlement_closed_year_kept ON settlement_closed_year",
        ),
        migrations.AddConstraint(
            model_name='fundmovement',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', [jiaozi.settlement.rules.position.FundKind['PREFUND'], jiaozi.settlement.rules.position.FundKind['RETURN']]), ('year__isnull', True), _connector='XOR'), name='fund_movement_year'),
        ),
        migrations.AddConstraint(
            model_name='closedyear',
            constraint=models.UniqueConstraint(fields=('programme', 'year'), name='closed_year_once'),
        ),
        migrations.AddConstraint(
            model_name='closedyear',
            constraint=models.CheckConstraint(condition=models.Q(('lapsed_fen__gte', 0)), name='closed_year_lapsed'),
        ),
    ]
