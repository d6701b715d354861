"""Tokens: what a program shows instead of a person's sign-in. Scoped, expiring, and kept only as a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules.actor import SCOPES_OF, Actor, Role, Scope
from jiaozi.party.rules.person import name_of
from jiaozi.party.rules.second_factor import MISSING, asked_of

LABEL_MAX = 60
LIFE_MAX = timedelta(days=366)
USE_GRAIN = timedelta(minutes=1)
"""A last use is written at most so often: a program that asks a hundred times a second must not write as often."""
MARK = "jz_"
"""What every token begins with, so that one that leaks into a log or a repository can be searched for."""
SECRET_BYTES = 32
TEXT_MAX = 200


class UnableToIssueToken(Refused):
    """The token can't be issued or ended so."""


class UnableToUseToken(Refused):
    """The token is not one, or no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What is asked for: a name to know it by, what it may do, until when."""

    label: str
    scopes: frozenset[Scope]
    expires_at: datetime


def check_request(request: TokenRequest, role: Role, now: datetime) -> TokenRequest:
    """Give the request in its standard form.

    Raises
    ------
    UnableToIssueToken
        Naming the field.
    """
    label = " ".join(request.label.split())
    if not label or len(label) > LABEL_MAX or not label.isprintable():
        raise UnableToIssueToken(
            "LABEL_MISSING",
            f"请为令牌取名（最长{LABEL_MAX}字），以便日后辨认",
            f"name the token in at most {LABEL_MAX} characters, to know it by",
            field="label",
        )
    allowed = SCOPES_OF[role]
    if not request.scopes or not request.scopes <= allowed:
        right = sorted(scope.value for scope in allowed)
        raise UnableToIssueToken(
            "SCOPE_NOT_YOURS",
            f"请至少选择一项权限，且只能从此角色的权限中选择：{'、'.join(right)}",
            f"choose at least one scope, of those of the role: {', '.join(right)}",
            field="scopes",
        )
    if not now < request.expires_at <= now + LIFE_MAX:
        raise UnableToIssueToken(
            "EXPIRY_OUT_OF_RANGE",
            f"有效期须晚于当前时间，且不超过{LIFE_MAX.days}天",
            f"a token expires later than now and within {LIFE_MAX.days} days",
            field="expires_at",
        )
    return TokenRequest(label=label, scopes=request.scopes, expires_at=request.expires_at)


def may_issue(by: Actor, person: UUID) -> None:
    """Let people issue tokens for themselves alone, and never by a token.

    Raises
    ------
    UnableToIssueToken
        For everybody else.
    """
    if by.name != name_of(person) or by.scopes is not None:
        raise UnableToIssueToken(
            "NOT_YOURS",
            "令牌只能由本人登录后为自己签发",
            "people issue tokens for themselves, when signed in",
            field="by",
        )


def check_factor(role: Role, *, required: bool, has_factor: bool) -> None:
    """Let no program act for staff who have no second factor: it could do without one what a page would refuse.

    Raises
    ------
    UnableToIssueToken
        When the role needs one, and the person has none.
    """
    if asked_of(role, required=required) and not has_factor:
        raise UnableToIssueToken("SECOND_FACTOR_MISSING", MISSING.zh, MISSING.en, field="membership")


def may_revoke(by: Actor, person: UUID) -> None:
    """Let people end their own tokens, and the operator's administrators everybody's.

    Raises
    ------
    UnableToIssueToken
        For everybody else.
    """
    operator = by.role is Role.OPERATOR and by.administrator
    if by.role is not Role.SYSTEM and by.name != name_of(person) and not operator:
        raise UnableToIssueToken(
            "NOT_YOURS", "只有本人或平台管理员可以吊销该令牌", "only its owner may end it", field="by"
        )


def digest_of(text: str) -> bytes:
    """Give what is kept of a token: the secret has 256 random bits, so a plain SHA-256 of it can't be guessed back."""
    return hashlib.sha256(text.encode()).digest()


def scopes_of(stored: Iterable[str], role: Role) -> frozenset[Scope]:
    """Give the scopes that a token still has: never more than its role's."""
    return frozenset(Scope(value) for value in stored) & SCOPES_OF[role]


def check_usable(
    *,
    expires_at: datetime,
    ended_at: datetime | None,
    active: bool,
    in_force: bool,
    factor_missing: bool = False,
    now: datetime,
) -> None:
    """Let a token be used while it, its person, the membership behind it and what that asks for all stand.

    Raises
    ------
    UnableToUseToken
        Naming the first that does not.
    """
    if ended_at is not None:
        raise UnableToUseToken(
            "TOKEN_ENDED", "令牌已被吊销，请重新签发", "the token was ended; issue another", field="token"
        )
    if expires_at <= now:
        raise UnableToUseToken(
            "TOKEN_EXPIRED", "令牌已过期，请重新签发", "the token has expired; issue another", field="token"
        )
    if not active:
        raise UnableToUseToken(
            "PERSON_CLOSED", "令牌所属账户已关闭", "the account behind the token is closed", field="token"
        )
    if not in_force:
        raise UnableToUseToken(
            "MEMBERSHIP_OVER", "令牌所依据的授权已终止", "the membership behind the token is over", field="token"
        )
    if factor_missing:
        raise UnableToUseToken("SECOND_FACTOR_MISSING", MISSING.zh, MISSING.en, field="token")


def unknown_token() -> UnableToUseToken:
    """Say that no such token was ever issued."""
    return UnableToUseToken(
        "TOKEN_UNKNOWN", "令牌无效，请检查是否完整复制", "no such token; check that it was copied whole", field="token"
    )
