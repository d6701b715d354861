"""The words that all shapes of the document share: what is shown, what is asked, labels, amounts."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasPath,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

AMOUNT_MAX_FEN = 10**15


class Shape(BaseModel):
    """Something that is shown; made from a row or a value of the house."""

    model_config = ConfigDict(from_attributes=True)


class Wish(BaseModel):
    """Something that is asked; a field that isn't known is refused, so that a misspelt one is never lost."""

    model_config = ConfigDict(extra="forbid")


class Words(Shape):
    """One thing said in both languages."""

    zh: str
    en: str


class Why(Shape):
    """Why something is so, or was refused."""

    code: str
    label: Words
    field: str = ""
    clause: str = ""


class Done(Shape):
    """A write that has nothing else to show."""

    done: bool = True


class Reasoned(Wish):
    """A step that needs a reason in words."""

    reason: Annotated[str, Field(min_length=1, max_length=400)]


def _in_utc(instant: datetime) -> datetime:
    """Give an instant in UTC: a zone may be further from it than a database knows."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("is past the last instant there is") from None


def _no_truth(value: object) -> object:
    """Refuse true and false, which would be taken for 1 and 0 fen."""
    if isinstance(value, bool):
        raise ValueError("is true or false; an amount is a number of fen")  # noqa: TRY004 - said as a field's fault
    return value


Fen = Annotated[int, BeforeValidator(_no_truth), Field(ge=0, le=AMOUNT_MAX_FEN, description="fen; 100 are a yuan")]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Name = Annotated[str, Field(max_length=60)]
Text = Annotated[str, Field(max_length=400)]
Reference = Annotated[str, Field(min_length=1, max_length=80)]
Json = dict[str, Any]


def one_of(kind: type[StrEnum]) -> WithJsonSchema:
    """Write an enum out where it is used: the rooms' enums are all called State, and a document has one of a name."""
    return WithJsonSchema({"type": "string", "enum": [each.value for each in kind]})


def id_of(name: str) -> Any:
    """Read an id from a row's foreign key, without loading what it points at."""
    return Field(validation_alias=f"{name}_id")


def path_of(*steps: str, **words: Any) -> Any:
    """Read a value from what a row points at."""
    return Field(validation_alias=AliasPath(*steps), **words)
