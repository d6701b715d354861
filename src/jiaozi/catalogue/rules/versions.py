"""How a price list may change: a tariff is never edited, only closed by a later version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from jiaozi.catalogue.rules.tariff import Tariff
from jiaozi.kernel.refusal import Refused


class UnableToPublish(Refused):
    """The price list contradicts itself, or what was published before."""


@dataclass(frozen=True, slots=True)
class Change:
    """What publishing does: tariffs to add, and published ones that get their end."""

    added: tuple[Tariff, ...] = ()
    closed: tuple[Tariff, ...] = ()


def check_no_overlap(tariffs: Iterable[Tariff]) -> None:
    """Pass a price list in which every key has at most one price at any instant.

    Raises
    ------
    UnableToPublish
        Naming the two versions that overlap.
    """
    ordered = sorted(tariffs, key=lambda each: (each.key, each.valid_from))
    for earlier, later in pairwise(ordered):
        if earlier.overlaps(later):
            raise UnableToPublish(
                "TARIFFS_OVERLAP",
                f"{_name(earlier)}的版本{earlier.version}与版本{later.version}有效期重叠："
                f"前者应不晚于{later.valid_from.isoformat()}结束",
                f"{_name(earlier)}: versions {earlier.version} and {later.version} overlap; "
                f"the earlier must end by {later.valid_from.isoformat()}",
                field="tariffs",
            )


def publish(published: Iterable[Tariff], wanted: Iterable[Tariff], *, now: datetime) -> Change:
    """Compare a price list with the published one and give what to add and what to close.

    A published tariff may get an end, once, and never in the past: what was charged stays charged. Tariffs that the
    list leaves out stay as they are, and so does the end that one of them gave to a tariff of the list: a centre may
    have published it here, where no file knows of it.

    Raises
    ------
    UnableToPublish
        When a published tariff would change in any other way, or two prices would hold at once.
    """
    before, listed = {each.id: each for each in published}, list(wanted)
    elsewhere = {(each.key, each.valid_from) for each in set(before.values()) - {before.get(w.id) for w in listed}}
    added, closed = [], []
    after = dict(before)
    for stated in listed:
        old, each = before.get(stated.id), stated
        if old is not None and stated.valid_until is None and (old.key, old.valid_until) in elsewhere:
            each = replace(stated, valid_until=old.valid_until)
        if old is None:
            added.append(each)
        elif _close(old, each, now):
            closed.append(each)
        after[each.id] = each
    check_no_overlap(after.values())
    return Change(tuple(added), tuple(closed))


def _close(old: Tariff, new: Tariff, now: datetime) -> bool:
    """Say whether ``new`` only gives ``old`` its end; the author of the first publication stays."""
    same = replace(new, valid_until=old.valid_until, author=old.author) == old
    if same and new.valid_until == old.valid_until:
        return False
    if not same or old.valid_until is not None or new.valid_until is None:
        raise UnableToPublish(
            "TARIFF_PUBLISHED",
            f"{_name(old)}的版本{old.version}已发布，不能修改；请给它加上结束日期，另立新版本",
            f"{_name(old)}: version {old.version} is published and can't be edited; give it an end and add a version",
            field="tariffs",
        )
    if new.valid_until < now:
        raise UnableToPublish(
            "TARIFF_CLOSED_IN_THE_PAST",
            f"{_name(old)}的版本{old.version}不能追溯结束，结束时间应不早于{now.isoformat()}",
            f"{_name(old)}: version {old.version} can't end in the past; its end must be {now.isoformat()} or later",
            field="until",
        )
    return True


def _name(tariff: Tariff) -> str:
    return "/".join(part for part in tariff.key if part)
