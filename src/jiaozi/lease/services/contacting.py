"""What is known at hand of a centre's engine: nothing here asks the centre, so a page may show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jiaozi.catalogue.models import Centre
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.lease.ports import Correspondent, LeaseKeeper
from jiaozi.order import services as order
from jiaozi.order.ports import Capacity

_NOT_SET_UP = Label("引擎的设置不完整，请平台运营方核对", "the engine is not set up: ask the operator")


@dataclass(frozen=True, slots=True)
class Contact:
    """How a centre is connected.

    Attributes
    ----------
    by_agent
        Whether the centre's own agent calls, so that ``heard_at``, ``key`` and ``capacity`` are known without asking.
    trouble
        Why it has no engine; None where it has.
    """

    by_agent: bool = False
    heard_at: datetime | None = None
    key: str = ""
    capacity: tuple[Capacity, ...] = ()
    trouble: Label | None = None


def contact(centre: Centre) -> Contact:
    """Say how a centre is connected, and what its agent told last; an engine that can't be made is a trouble."""
    try:
        engine = order.engine_of(centre)
        if not isinstance(engine, LeaseKeeper) or not isinstance(engine, Correspondent):
            return Contact()
        return Contact(
            by_agent=True, heard_at=engine.lease_heard_at(), key=engine.peer_key(), capacity=engine.capacity()
        )
    except Refused as refused:
        return Contact(trouble=refused.reason.label)
    except (ValueError, OSError):
        return Contact(trouble=_NOT_SET_UP)
