"""The way into a session, and what it left: asked of the engine each time, for the holder's own people alone."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import Access, SessionEngine, UnableToReachEngine
from jiaozi.order.rules import State
from jiaozi.order.rules.session import UnableToOpenSession, check_access
from jiaozi.order.services.engines import engine_of
from jiaozi.party.rules import Actor


def access(*, order_id: UUID, by: Actor) -> Access:
    """Give the way into a running session; nothing of it is kept.

    Raises
    ------
    UnableToOpenSession
        When it is another's, no session, or does not listen.
    UnableToReachEngine
        When its engine gave no answer.
    """
    row, engine = _own(order_id, by)
    if row.state != State.RUNNING:
        raise UnableToOpenSession("NOT_RUNNING", "会话未在运行", "the session is not running", field="order")
    found = engine.access(row.id)
    if found is None:
        raise UnableToOpenSession(
            "NOT_YET_OPEN", "会话正在启动，请稍候", "the session is starting; ask again in a moment", field="order"
        )
    return found


def saved_files(*, order_id: UUID, by: Actor) -> tuple[str, int, Iterator[bytes]]:
    """Give the name, the size and the content of what an ended session saved, held to the SHA-256 of its end.

    Raises
    ------
    UnableToOpenSession
        When it is another's, no session, or saved nothing.
    UnableToReachEngine
        When its engine gave no answer; from the content, before its last piece, where it is another one.
    """
    row, engine = _own(order_id, by)
    kept = row.session
    if not kept.saved_name:
        raise UnableToOpenSession("NOTHING_SAVED", "没有保存的文件", "nothing was saved", field="order")
    if kept.saved_name.startswith("/"):
        raise UnableToOpenSession(
            "SAVED_AT_CENTRE",
            f"保存的文件留在中心，请在中心取用：{kept.saved_name}",
            f"what was saved stays at the centre; take it there: {kept.saved_name}",
            field="order",
        )
    return kept.saved_name, kept.saved_size or 0, _held_to(kept.saved_sha256, engine.read_saved(row.id))


def _held_to(digest: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Give all pieces, the last one only once the whole is what was written down."""
    found, held = sha256(), b""
    for piece in pieces:
        found.update(piece)
        if held:
            yield held
        held = piece
    if digest and found.hexdigest() != digest:
        raise UnableToReachEngine(
            "SAVED_CHANGED",
            "中心给出的文件与会话结束时记录的SHA-256不符，未予提供；请联系该中心",
            "the files that the centre gave don't have the SHA-256 that was written down at the session's end, "
            "so they are not given: ask the centre",
        )
    if held:
        yield held


def _own(order_id: UUID, by: Actor) -> tuple[Order, SessionEngine]:
    row = queries.order(order_id)
    check_access(by, row.holder_id, is_session=queries.session_of(row) is not None)
    engine = engine_of(row.centre)
    if not isinstance(engine, SessionEngine):
        raise UnableToOpenSession("NOT_A_SESSION", "该中心不再提供会话", "the centre opens no sessions", field="order")
    return row, engine
