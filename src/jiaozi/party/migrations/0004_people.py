"""People, memberships, tokens.

``AUTH_USER_MODEL`` came to a stage that had tables already, so the sign-in library's tables, which ask only for the
stage's first migration, are told here to wait for this one.
"""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    run_before = [
        ("account", "0001_initial"),
        ("mfa", "0001_initial"),
        ("socialaccount", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    dependencies = [
        ('party', '0003_relation_guard'),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('APPLICANT', '申领主体 · applicant'), ('OFFICER', '经办 · officer'), ('FINANCE', '财政 · finance'), ('CENTRE', '算力中心 · centre'), ('OPERATOR', '平台运营 · operator'), ('AUDITOR', '审计 · auditor')], max_length=10)),
                ('centre', models.CharField(blank=True, max_length=60)),
                ('programme', models.CharField(blank=True, max_length=60)),
                ('administrator', models.BooleanField()),
                ('since_at', models.DateTimeField()),
                ('until_at', models.DateTimeField(null=True)),
                ('granted_by', models.CharField(max_length=80)),
                ('granted_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=80)),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='party.organisation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('label', models.CharField(max_length=60)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('READ', '查看 · read'), ('APPLY', '申领与提交材料 · apply and hand in papers'), ('SPEND', '用券下单 · quote and place orders'), ('OFFER', '发布资源与价目 · publish offers and tariffs'), ('METER', '报送用量与探测 · push usage and probes'), ('DECIDE', '审核与发放 · review, decide and issue'), ('SETTLE', '对账与兑付 · claim, match and pay statements'), ('ADMINISTER', '管理成员 · manage members')], max_length=10), size=None)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=80)),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to='party.membership')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='PersonDetails',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='details', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(max_length=100)),
                ('phone', models.CharField(blank=True, max_length=100)),
                ('salt', models.BinaryField(max_length=16)),
            ],
            options={
                'db_table': 'party_person_details',
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='person_named')],
            },
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('centre', ''), _negated=True), fields=['centre', 'id'], name='membership_by_centre'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('organisation__isnull', False), ('role', 'APPLICANT'), ('centre', ''), ('programme', '')), models.Q(('organisation__isnull', True), ('role', 'OFFICER'), ('centre', '')), models.Q(('organisation__isnull', True), ('role', 'FINANCE'), ('centre', '')), models.Q(('organisation__isnull', True), ('role', 'CENTRE'), models.Q(('centre', ''), _negated=True), ('programme', '')), models.Q(('organisation__isnull', True), ('role', 'OPERATOR'), ('centre', ''), ('programme', '')), models.Q(('organisation__isnull', True), ('role', 'AUDITOR'), ('centre', '')), _connector='OR'), name='membership_place'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('until_at__isnull', True), ('until_at__gt', models.F('since_at')), _connector='OR'), name='membership_dates'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), models.Q(('ended_by', ''), _negated=True), _connector='XOR'), name='membership_end_signed'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('person', 'role', 'organisation', 'centre', 'programme'), name='membership_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='token_expires'),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=models.CheckConstraint(condition=models.Q(('label', ''), _negated=True), name='token_labelled'),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=models.CheckConstraint(condition=models.Q(('scopes__len__gt', 0)), name='token_scoped'),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), models.Q(('ended_by', ''), _negated=True), _connector='XOR'), name='token_end_signed'),
        ),
        migrations.RunSQL(
            (_SQL / "people_guard.sql").read_text(encoding="utf-8"),
            (_SQL / "people_guard_undo.sql").read_text(encoding="utf-8"),
        ),
    ]
