"""Issuing tokens, using and ending them; the text is given once and never kept."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Q

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.party import queries
from jiaozi.party.models import Membership, Token
from jiaozi.party.rules import Actor, Role
from jiaozi.party.rules import token as rules
from jiaozi.party.rules.membership import actor_for
from jiaozi.party.rules.second_factor import asked_of
from jiaozi.party.rules.token import TokenRequest, UnableToIssueToken


@transaction.atomic
def issue_token(*, membership_id: UUID, request: TokenRequest, by: Actor, now: datetime) -> tuple[Token, str]:
    """Issue a token for one of one's own memberships; the second value is its text, shown this once.

    Raises
    ------
    UnableToIssueToken
        When a field is wrong, the membership is over, the actor is not its person, or the role needs a second factor.
    """
    row = queries.membership(membership_id)
    rules.may_issue(by, row.person_id)
    if not _stands(row, now):
        raise UnableToIssueToken("MEMBERSHIP_OVER", "该授权已终止", "this membership is over", field="membership")
    if asked_of(Role(row.role), required=settings.JIAOZI_STAFF_SECOND_FACTOR):
        rules.check_factor(Role(row.role), required=True, has_factor=bool(queries.second_factors(row.person_id)))
    checked = rules.check_request(request, Role(row.role), now)
    text = rules.MARK + secrets.token_urlsafe(rules.SECRET_BYTES)
    made = Token.objects.create(
        id=new_id(),
        membership=row,
        label=checked.label,
        scopes=sorted(scope.value for scope in checked.scopes),
        digest=rules.digest_of(text),
        created_at=now,
        expires_at=checked.expires_at,
    )
    body = {"expires": made.expires_at.isoformat(), "membership": str(row.id), "scopes": made.scopes}
    journal.write(Line("party", "issue_token", made.id, "", "ISSUED", by.name, now, body))
    return made, text


@transaction.atomic
def end_token(*, token_id: UUID, by: Actor, now: datetime) -> Token:
    """End a token at once.

    Raises
    ------
    UnableToIssueToken
        When it ended before, or is not the actor's.
    """
    row = Token.objects.select_for_update(no_key=True).filter(id=token_id).select_related("membership").first()
    row = row or queries.token(token_id)
    rules.may_revoke(by, row.membership.person_id)
    if row.ended_at is not None:
        raise UnableToIssueToken("ENDED_ALREADY", "该令牌已被吊销", "this token has ended already", field="token")
    row.ended_at, row.ended_by = now, by.name
    row.save(update_fields=["ended_at", "ended_by"])
    journal.write(Line("party", "end_token", row.id, "ISSUED", "ENDED", by.name, now, {}))
    return row


def use_token(*, text: str, now: datetime) -> Actor:
    """Give whom a program acts as by its token, and note the use; one statement, a second at most once a minute.

    Raises
    ------
    UnableToUseToken
        When it is none, has expired, was ended, the membership or the account behind it is over, or it acts for staff
        who have no second factor any more.
    """
    row = None
    if text.startswith(rules.MARK) and len(text) <= rules.TEXT_MAX:
        rows = Token.objects.filter(digest=rules.digest_of(text)).annotate(has_factor=Exists(queries.FACTORS))
        row = rows.select_related("membership__person").first()
    if row is None:
        raise rules.unknown_token()
    holder = row.membership
    rules.check_usable(
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        active=holder.person.is_active,
        in_force=_stands(holder, now),
        factor_missing=asked_of(Role(holder.role), required=settings.JIAOZI_STAFF_SECOND_FACTOR) and not row.has_factor,
        now=now,
    )
    if row.last_used_at is None or now - row.last_used_at >= rules.USE_GRAIN:
        long_ago = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - rules.USE_GRAIN)
        Token.objects.filter(long_ago, id=row.id).update(last_used_at=now)
    return actor_for(holder.person_id, queries.grant_of(holder), rules.scopes_of(row.scopes, Role(holder.role)))


def _stands(row: Membership, now: datetime) -> bool:
    return queries.grant_of(row).in_force(now)
