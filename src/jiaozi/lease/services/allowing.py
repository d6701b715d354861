"""A holder lets centres run its jobs without asking the platform, and takes that back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.lease import queries, rules
from jiaozi.lease.models import LeaseAllowance
from jiaozi.order import services as order
from jiaozi.party.rules import Actor
from jiaozi.voucher import queries as vouchers


def allow(*, voucher_id: UUID, holder_key: str, by: Actor, now: datetime) -> LeaseAllowance:
    """Let leases of a voucher be opened; a centre then runs only jobs that are signed by this key.

    Allowing again names another key: wishes that the old one signed are refused from the next letter on.

    Raises
    ------
    UnableToLease
        When the voucher is another's, an intermediary's or one in kind.
    UnableToLimit
        When the actor has a spending limit: what centres spend by themselves counts for none.
    UnableToBelieve
        When the key is no Ed25519 key.
    """
    key = rules.public_text(rules.public_key(holder_key))
    with transaction.atomic():
        voucher = vouchers.voucher(voucher_id, lock=True)
        rules.check_holder(by, voucher.holder_id, voucher.programme)
        order.check_unlimited(organisation=voucher.holder_id, by=by, now=now)
        rules.check_lendable(voucher.holder.holder_class, in_kind=order.granted_in_kind(voucher))
        known = {"holder_key": key, "by": by.name, "allowed_at": now, "ended_at": None, "tended_at": now}
        row, _ = LeaseAllowance.objects.update_or_create(voucher=voucher, defaults=known)
        body = {"key": digest(key).hex()}
        journal.write(Line("lease", "allow", voucher_id, "", "ALLOWED", by.name, now, body))
    return row


def disallow(*, voucher_id: UUID, by: Actor, now: datetime) -> LeaseAllowance | None:
    """Have no more leases of a voucher; those that are open are asked back. Gives None where none were allowed."""
    with transaction.atomic():
        voucher = vouchers.voucher(voucher_id, lock=True)
        rules.check_holder(by, voucher.holder_id, voucher.programme)
        row = queries.allowance(voucher_id)
        if row is None or row.ended_at is not None:
            return row
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        journal.write(Line("lease", "disallow", voucher_id, "ALLOWED", "", by.name, now, {}))
    return row
