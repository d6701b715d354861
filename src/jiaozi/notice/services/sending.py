"""Sending messages: claimed for a while, called without a transaction, what came of it written down."""

from __future__ import annotations

import socket
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
from django.conf import settings
from django.db import transaction

from jiaozi.notice import queries, rules
from jiaozi.notice.models import Delivery, Webhook
from jiaozi.notice.rules import DeliveryState
from jiaozi.notice.services.listening import end

SENT_MAX = 100
TIMEOUT_S = 15.0
_SUCCESS = range(200, 300)
_FAILURE_MAX = 200


class Outcome(NamedTuple):
    """What a call came to; an empty failure is a success."""

    status: int | None
    failure: str


def send_due(*, now: datetime) -> int:
    """Send the messages that are due, at most a hundred; gives how many arrived.

    Each is claimed first, so that two senders never send one at once; a sender that dies frees its own by the lease.
    """
    return sum(_send(id_, now) for id_ in queries.due(now, limit=SENT_MAX))


def _send(delivery_id: UUID, now: datetime) -> bool:
    claimed = Delivery.objects.filter(id=delivery_id, state=DeliveryState.WAITING, next_at__lte=now)
    if not claimed.update(next_at=now + rules.LEASE):
        return False
    row = Delivery.objects.select_related("webhook").get(id=delivery_id)
    outcome = _call(row, now)
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(no_key=True).get(id=row.webhook_id)
        _note(row, webhook, outcome, now)
    return not outcome.failure


def _note(row: Delivery, webhook: Webhook, outcome: Outcome, now: datetime) -> None:
    row.attempts += 1
    row.status, row.failure = outcome.status, outcome.failure[:_FAILURE_MAX]
    if not outcome.failure:
        row.state, row.delivered_at, webhook.failing_since = DeliveryState.DELIVERED, now, None
    else:
        again = rules.next_try(row.attempts, now)
        row.state, row.next_at = (DeliveryState.WAITING, again) if again else (DeliveryState.GIVEN_UP, now)
        webhook.failing_since = webhook.failing_since or now
    row.save(update_fields=["attempts", "status", "failure", "state", "next_at", "delivered_at"])
    webhook.save(update_fields=["failing_since"])
    if webhook.ended_at is None and rules.failing_too_long(webhook.failing_since, now):
        end(webhook, "system:notice", now)


def _call(row: Delivery, now: datetime) -> Outcome:
    """Call the webhook at an address that was looked at, so that a name can't lead elsewhere between look and call."""
    parts, body = urlsplit(row.webhook.url), row.body.encode()
    secret = rules.secret_of(settings.SECRET_KEY.encode(), row.webhook_id, row.webhook.generation)
    headers = rules.signed(secret, row.id, now, body) | {"Content-Type": "application/json", "Host": parts.netloc}
    try:
        address = _address(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        if address is None:
            return Outcome(None, "the name leads to an address that may not be called")
        url = httpx2.URL(row.webhook.url).copy_with(host=address)
        told = {"sni_hostname": parts.hostname or ""}
        with httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as http:
            response = http.post(url, content=body, headers=headers, extensions=told)
    except (httpx2.HTTPError, OSError, ValueError) as failed:
        return Outcome(None, f"{type(failed).__name__}: {failed}")
    fine = response.status_code in _SUCCESS
    return Outcome(response.status_code, "" if fine else f"answered {response.status_code}")


def _address(host: str, port: int) -> str | None:
    """Give an address of a name, when every one of them may be called."""
    found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    allow = settings.JIAOZI_WEBHOOKS_TO_PRIVATE_ADDRESSES
    fine = all(rules.address_allowed(each.partition("%")[0], allow_private=allow) for each in found)
    return min(found) if found and fine else None
