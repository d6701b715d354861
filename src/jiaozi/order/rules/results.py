"""An order's results: who may have them, and which of them the platform can hand out itself."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.order.rules.staging import DataState
from jiaozi.party.rules import Actor, Role
from jiaozi.party.rules.actor import not_yours_to_see

BYTES_MAX = 2 * 1024**3
"""The most that a page or the API hands out of one file; larger ones are fetched from where they lie."""
TIME_MAX = timedelta(minutes=15)
"""How long one download may take."""
_HERE = "file://"


class UnableToHandOut(Refused):
    """The platform can't hand this file out."""


def may_have(by: Actor | None, holder: UUID) -> bool:
    """Say whether somebody may have an order's results: the holder's own people alone."""
    return by is not None and by.role is Role.APPLICANT and by.organisation == holder


def check_may_have(by: Actor, holder: UUID) -> None:
    """Let the holder's own people have an order's results.

    Raises
    ------
    UnableToSee
        For everybody else.
    """
    if not may_have(by, holder):
        raise not_yours_to_see()


def lies_at(state: str, url: str, landing: str) -> str:
    """Give the URL at which a result lies on this machine; empty where it lies elsewhere, or nowhere.

    One that was brought back lies where its holder wanted it, one that could not be still lies at its centre's landing.

    >>> lies_at("DONE", "file:///home/a", "file:///landing/a"), lies_at("DONE", "s3://b/a", "")
    ('file:///home/a', '')
    >>> lies_at("FAILED", "s3://b/a", "file:///landing/a"), lies_at("WAITING", "file:///home/a", "")
    ('file:///landing/a', '')
    """
    found = {DataState.DONE.value: url, DataState.FAILED.value: landing}.get(state, "")
    return found if found.startswith(_HERE) else ""


def check_size(size: int, known: int | None) -> None:
    """Let a file be handed out that is as large as what was verified, and not too large to be streamed by a page.

    Raises
    ------
    UnableToHandOut
        Saying both sizes.
    """
    if known is not None and size != known:
        raise UnableToHandOut(
            "RESULT_CHANGED",
            f"文件已不是传回并核验的{known}字节，现为{size}字节；请到存放处查看",
            f"the file is not the one of {known} bytes that was brought back and verified: it has {size} now",
            field="data",
        )
    if size > BYTES_MAX:
        raise UnableToHandOut(
            "RESULT_TOO_LARGE",
            f"文件{size}字节，网页最多下载{BYTES_MAX}字节；请从存放处直接取用",
            f"the file has {size} bytes, {BYTES_MAX} at most are downloaded here: fetch it from where it lies",
            field="data",
        )


def not_here() -> UnableToHandOut:
    """Say that the platform does not keep the file."""
    return UnableToHandOut(
        "NOT_KEPT_HERE",
        "该文件不在本平台，请按网址到存放处取用",
        "the platform does not keep this file: fetch it from its URL",
        field="data",
    )
