"""Who asks, and the tokens of that person. A token issues no token: that takes a person who has signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Router

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.rooms.organisations import RoleName, person_of
from jiaozi.api.shape import Shape, id_of, one_of
from jiaozi.kernel import clock
from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.models import Token
from jiaozi.party.rules import Scope

router = Router(tags=["tokens"])
ScopeName = Annotated[Scope, one_of(Scope)]


class CallerShape(Shape):
    """As whom the token acts, and what it may do."""

    name: str
    role: RoleName
    organisation: UUID | None
    centre: str | None
    programme: str
    administrator: bool
    scopes: list[ScopeName]


class TokenShape(Shape):
    """A token, without its text: that was shown once."""

    id: UUID
    label: str
    membership: UUID = id_of("membership")
    scopes: list[ScopeName]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    ended_at: datetime | None


class Tokens(Shape):
    """A person's tokens, the latest first."""

    items: list[TokenShape]


@reads(router, "/me", CallerShape)
def get_caller(request: Asked) -> CallerShape:
    """As whom this token acts."""
    by = request.auth
    return CallerShape(
        name=by.name,
        role=by.role,
        organisation=by.organisation,
        centre=by.centre,
        programme=by.programme,
        administrator=by.administrator,
        scopes=sorted(by.scopes or frozenset()),
    )


@reads(router, "/tokens", Tokens)
def list_tokens(request: Asked) -> Tokens:
    """The tokens of the person behind this one."""
    return Tokens(items=[_shown(row) for row in queries.tokens_of(person_of(request))])


@writes(router, "/tokens/{token_id}/end", TokenShape, scope=Scope.READ)
def end_token(request: Asked, token_id: UUID) -> TokenShape:
    """End a token at once; a program that leaks may end itself."""
    return _shown(party.end_token(token_id=token_id, by=request.auth, now=clock.now()))


def _shown(row: Token) -> TokenShape:
    return TokenShape.model_validate(row)
