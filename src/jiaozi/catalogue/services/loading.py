"""Loading the catalogue's files: checked as a whole, then written as a whole, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue import queries, rules
from jiaozi.catalogue.models import Offer, TariffVersion
from jiaozi.catalogue.rules import Catalogue, Change, Grade, Problem, UnableToLoad
from jiaozi.catalogue.services import rows
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id

SUBJECT = named_id("catalogue", "whole")
_FILE_BYTES_MAX = 4_000_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load changed; nothing, when it was the same again."""

    rows: int
    tariffs_added: tuple[UUID, ...] = ()
    tariffs_closed: tuple[UUID, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything did."""
        return bool(self.rows or self.tariffs_added or self.tariffs_closed)


def load(*, folder: Path, by: str, now: datetime, demo: bool) -> Loaded:
    """Load the five files of a folder; the same content again changes nothing.

    ``demo`` says whether values that nobody published may be stood in for: demo tariffs, offers and engines. Entries
    that the files leave out stay, but for offers, which are switched off.

    Raises
    ------
    UnableToLoad
        With every mistake, each with its file, line and field.
    UnableToPublish
        When a published tariff would be edited.
    """
    catalogue = rules.read_catalogue(_texts(folder))
    stated = [rules.tariff_of_entry(each, author=by, demo=demo) for each in catalogue.tariffs]
    wanted = [each for each in stated if each is not None]
    with transaction.atomic():
        rows.one_at_a_time()
        change = rules.publish(queries.tariffs_beside(wanted, now=now), wanted, now=now)
        loaded = Loaded(
            rows=_write(catalogue, demo=demo),
            tariffs_added=tuple(each.id for each in change.added),
            tariffs_closed=tuple(each.id for each in change.closed),
        )
        _write_tariffs(change, catalogue, now)
        if loaded.changed:
            body = {
                "demo": demo,
                "rows": loaded.rows,
                "tariffs_added": [rows.stated(each) for each in change.added],
                "tariffs_closed": [rows.stated(each) for each in change.closed],
            }
            journal.write(Line("catalogue", "load", SUBJECT, "", "", by, now, body))
    return loaded


def _texts(folder: Path) -> dict[str, str]:
    """Read the files that are there; which are missing the rules say."""
    texts, problems = {}, []
    if not folder.is_dir():
        raise UnableToLoad([Problem(str(folder), 1, "", "没有此文件夹", "there is no such folder")])
    for name in rules.FILES:
        path = folder / name
        try:
            if path.is_file() and path.stat().st_size <= _FILE_BYTES_MAX:
                texts[name] = path.read_text(encoding="utf-8")
            elif path.exists():
                problems.append(
                    Problem(name, 1, "", "应为不超过4 MB的普通文件", "must be a plain file of at most 4 MB")
                )
        except (OSError, UnicodeDecodeError):
            problems.append(Problem(name, 1, "", "无法读取，应为UTF-8文本", "can't be read; it must be UTF-8 text"))
    if problems:
        raise UnableToLoad(problems)
    return texts


def _write(catalogue: Catalogue, *, demo: bool) -> int:
    """Put every table but the tariffs; say how many rows changed."""
    offers = rows.offers(catalogue, demo=demo)
    changed = (
        rows.put(rows.hubs(catalogue), key=["id"])
        + rows.put(rows.clusters(catalogue), key=["id"])
        + rows.put(rows.centres(catalogue, demo=demo), key=["id"])
        + rows.put(rows.resource_classes(catalogue), key=["code"])
        + rows.put(offers, key=["centre_id", "resource_class_id"])
        + rows.put(rows.links(catalogue, demo=demo), key=["start_id", "end_id"])
    )
    kept = {(each.centre_id, each.resource_class_id) for each in offers}
    enabled = Offer.objects.filter(enabled=True).values_list("id", "centre_id", "resource_class_id")
    gone = [row_id for row_id, *key in enabled if tuple(key) not in kept]
    if gone:
        Offer.objects.filter(id__in=gone).update(enabled=False)
    return changed + len(gone)


def _write_tariffs(change: Change, catalogue: Catalogue, now: datetime) -> None:
    """Close first, then add, so that the database never sees two prices at once."""
    grade_of = {
        (each.centre, each.resource, each.customer.value if each.customer else "", each.version): each.source.grade
        for each in catalogue.tariffs
    }
    for each in change.closed:
        TariffVersion.objects.filter(id=each.id).update(valid_until=each.valid_until)
    TariffVersion.objects.bulk_create(
        rows.tariff(each, grade=grade_of.get((*each.key, each.version), Grade.DEMO), now=now) for each in change.added
    )
