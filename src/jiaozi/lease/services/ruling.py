"""Deciding about a job that its centre bears itself, so that what it left in the audit is closed, with why."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.text import kept_text
from jiaozi.lease import queries, rules
from jiaozi.lease.models import LeaseLossRuling
from jiaozi.lease.rules import REASON_MAX, Verdict
from jiaozi.party.rules import Actor, check_own_programme


def rule_loss(*, loss_id: UUID, verdict: Verdict, by: Actor, now: datetime, reason: str) -> LeaseLossRuling:
    """Close a centre's loss as its own to bear, or keep that the centre disputes it; no money moves either way.

    Raises
    ------
    UnableToFindLoss
        When no centre told of such a job.
    UnableToLease
        When it is no loss, was closed, has no reason, or the role may not.
    """
    with transaction.atomic():
        row = queries.loss(loss_id, lock=True)
        if row.lease is not None:
            check_own_programme(by, row.lease.voucher.programme)
        last = queries.verdict_on(row.id)
        rules.check_ruling(by, is_loss=row.order_id is None, last=last)
        reason = kept_text(reason, "reason", most=REASON_MAX, refusal=rules.UnableToLease)
        made = LeaseLossRuling.objects.create(id=new_id(), job=row, verdict=verdict, reason=reason, by=by.name, at=now)
        body = {"centre": row.centre_id, "order": str(row.order_told), "reason": digest(reason).hex()}
        if row.lease is not None:
            body["programme"] = row.lease.voucher.programme
        journal.write(Line("lease", "rule_loss", row.id, last or "", verdict, by.name, now, body))
    return made
