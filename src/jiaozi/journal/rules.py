"""A journal line says who did what to which thing, when, and why; it carries ids and amounts, never personal facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from jiaozi.kernel import canonical


@dataclass(frozen=True, slots=True)
class Line:
    """One decision or state change.

    Attributes
    ----------
    stage, verb
        Which room and which use case: ``voucher``, ``issue``.
    subject
        Id of the thing that changed.
    before, after
        Its states; empty where the thing has none.
    by
        Id of the actor, or ``system:<what>``.
    body
        Amounts, ids, clause and salted digests: only what has a canonical form.
    """

    stage: str
    verb: str
    subject: UUID
    before: str
    after: str
    by: str
    at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """Give what the line's digest covers."""
        return {
            "after": self.after,
            "at": self.at.isoformat(),
            "before": self.before,
            "body": dict(self.body),
            "by": self.by,
            "stage": self.stage,
            "subject": str(self.subject),
            "verb": self.verb,
        }

    def digest(self) -> bytes:
        """Give the SHA-256 that the Merkle log will seal, 32 bytes."""
        return canonical.digest(self.content())
