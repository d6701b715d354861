import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ProgrammeVersion',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('programme', models.CharField(max_length=60)),
                ('digest', models.CharField(max_length=64)),
                ('text', models.TextField()),
                ('effective_from', models.DateField()),
                ('effective_to', models.DateField(null=True)),
                ('demo', models.BooleanField()),
                ('loaded_at', models.DateTimeField()),
                ('loaded_by', models.CharField(max_length=80)),
                ('supersedes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='policy.programmeversion')),
            ],
            options={
                'db_table': 'policy_version',
                'indexes': [models.Index(fields=['programme', '-loaded_at'], name='policy_by_programme')],
                'constraints': [models.UniqueConstraint(fields=('digest', 'demo'), name='policy_version_once'), models.CheckConstraint(condition=models.Q(('digest__regex', '^[0-9a-f]{64}$')), name='policy_version_digest'), models.CheckConstraint(condition=models.Q(('effective_to__isnull', True), ('effective_to__gte', models.F('effective_from')), _connector='OR'), name='policy_version_dates')],
            },
        ),
    ]
