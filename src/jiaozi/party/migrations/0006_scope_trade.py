"""Let a token be kept to the exchange."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("party", "0005_kept_answers")]
    operations = [
        migrations.AlterField(
            model_name="token",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("READ", "查看 · read"),
                        ("APPLY", "申领与提交材料 · apply and hand in papers"),
                        ("SPEND", "用券下单 · quote and place orders"),
                        ("OFFER", "发布资源与价目 · publish offers and tariffs"),
                        ("METER", "报送用量与探测 · push usage and probes"),
                        ("DECIDE", "审核与发放 · review, decide and issue"),
                        ("SETTLE", "对账与兑付 · claim, match and pay statements"),
                        ("TRADE", "参与或主持算力交易 · bid and offer on the exchange, or run it"),
                        ("ADMINISTER", "管理成员 · manage members"),
                    ],
                    max_length=10,
                ),
                size=None,
            ),
        )
    ]
