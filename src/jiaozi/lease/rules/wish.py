"""The holder's wish for a job under a lease, signed by its key, which can be checked without the platform."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from jiaozi.catalogue.rules import Unit
from jiaozi.kernel.ids import named_id
from jiaozi.lease.rules.letter import Price
from jiaozi.lease.rules.signed import UnableToBelieve, content_of, garbled, public_key
from jiaozi.order.ports import JobSpec

WISH_BYTES_MAX = 1024 * 1024
"""A wish, its files included: what is asked for on the spot is a script, not a data set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A job that a holder wants run under a lease, and so at the one centre that has it.

    ``nonce`` tells a holder's wishes under a lease apart; lease and nonce fix the order's id.
    """

    nonce: UUID
    lease: UUID
    title: str
    resource_class: str
    units: int
    memory_mib: int
    time_limit_ms: int
    command: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def order(self) -> UUID:
        """The id that the order will have for ever: nobody chooses it, so it meets no order of another lease."""
        return named_id("lease.order", self.lease, self.nonce)

    def to_json(self) -> dict[str, Any]:
        """Give it in its canonical form."""
        return {
            "v": 2,
            "nonce": str(self.nonce),
            "lease": str(self.lease),
            "title": self.title,
            "class": self.resource_class,
            "units": self.units,
            "memory_mib": self.memory_mib,
            "time_limit_ms": self.time_limit_ms,
            "command": list(self.command),
            "files": dict(self.files),
        }

    def job(self, price: Price, voucher: UUID) -> JobSpec:
        """Give the job that an engine is asked to run.

        Raises
        ------
        UnableToSubmit
            When no engine could take it; the field says why.
        """
        counts_cores = price.unit is Unit.CORE_HOUR
        return JobSpec(
            order_id=self.order,
            command=self.command,
            files={name: text.encode() for name, text in self.files.items()},
            resource_class=self.resource_class,
            cores=self.units if counts_cores else 1,
            cards=0 if counts_cores else self.units,
            memory_mib=self.memory_mib,
            time_limit_ms=self.time_limit_ms,
            voucher_id=voucher,
        )


def open_wish(text: str, holder_key: str) -> Wish:
    """Check that a holder signed a wish, and read it.

    Raises
    ------
    UnableToBelieve
        When it is not signed by the holder's key, too large, or can't be read.
    """
    if len(text.encode(errors="replace")) > WISH_BYTES_MAX:
        raise UnableToBelieve(
            "WISH_TOO_LARGE",
            f"作业申请超过{WISH_BYTES_MAX}字节，请减少文件",
            f"a wish is at most {WISH_BYTES_MAX} bytes, files included",
            field="wish",
        )
    content = content_of(text, public_key(holder_key))
    try:
        return _read_wish(json.loads(content))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise garbled("wish", "作业申请内容无法读取", "the wish can't be read") from None


def lease_of(text: str) -> UUID:
    """Give the lease that a wish names, before its signature is checked.

    Raises
    ------
    UnableToBelieve
        When it names none.
    """
    try:
        return UUID(json.loads(text.partition("\n")[2])["lease"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise garbled("wish", "作业申请内容无法读取", "the wish can't be read") from None


def _read_wish(body: Mapping[str, Any]) -> Wish:
    numbers = {name: body[name] for name in ("units", "memory_mib", "time_limit_ms")}
    texts = [body["title"], body["class"], *body["command"], *body["files"], *body["files"].values()]
    if any(type(value) is not int for value in numbers.values()) or any(type(each) is not str for each in texts):
        raise TypeError
    return Wish(
        **numbers,
        nonce=UUID(body["nonce"]),
        lease=UUID(body["lease"]),
        title=body["title"],
        resource_class=body["class"],
        command=tuple(body["command"]),
        files=dict(body["files"]),
    )
