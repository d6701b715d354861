"""Organisations come into the register once, with whom they serve and who else belongs to their owner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jiaozi.cli.demo.cast import OFFICER, Stage, applicant
from jiaozi.kernel.period import local_date
from jiaozi.party import services as party
from jiaozi.party.rules import EndUser, HolderClass, Registration, Relation, RelationKind

_SHARE_BP = 6_000


def register(stage: Stage, entry: dict[str, Any], at: datetime) -> None:
    """Register who applies, unless it is there."""
    if entry["name"] in stage.holders:
        return
    registration = Registration(
        name=entry["name"],
        holder_class=HolderClass(entry["class"]),
        uscc=entry.get("uscc", ""),
        registered_in_city=entry.get("registered_in_city", True),
        in_incubator=bool(entry.get("incubator")),
        incubator=entry.get("incubator", ""),
        dishonest=entry.get("dishonest", False),
    )
    holder = party.register(registration=registration, by=OFFICER, now=at)
    stage.holders[entry["name"]] = holder
    for name in entry.get("end_users", []):
        user = party.name_end_user(intermediary=holder.id, end_user=EndUser(name=name), by=applicant(holder), now=at)
        stage.end_users.setdefault(entry["name"], user.id)
    if other := stage.holders.get(entry.get("related_to", "")):
        owns = Relation(
            kind=RelationKind.SHAREHOLDING,
            one=holder.id,
            other=other.id,
            source="演示登记 demo register",
            since=local_date(stage.diary.opened),
            share_bp=_SHARE_BP,
        )
        party.relate(relation=owns, by=OFFICER, now=at)
