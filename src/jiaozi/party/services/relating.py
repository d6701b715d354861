"""Recording how organisations are related, ending a tie, and erasing the personal facts that it rests on."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import named_id, new_id
from jiaozi.party import queries
from jiaozi.party.models import Organisation, OrganisationRelation, RelationDetail
from jiaozi.party.queries.relations import share_held
from jiaozi.party.rules import Actor, Relation, RelationKind, UnableToRelate
from jiaozi.party.rules import relation as rules
from jiaozi.party.rules.relation_file import RelationLine, at_line, read_relations

_SALT_BYTES = 16


@transaction.atomic
def relate(*, relation: Relation, by: Actor, now: datetime, detail: str = "") -> OrganisationRelation:
    """Record a tie; ``detail`` (a person's name, an address, an account) is kept in a row of its own, erasable.

    Raises
    ------
    UnableToRelate
        When a field is wrong, the tie is recorded already, or the shares would come to more than the whole.
    UnableToFindOrganisation
        When an end is not registered.
    """
    rules.may_relate(by)
    checked = rules.check_relation(relation)
    for end in (checked.one, checked.other):
        queries.organisation(end)
    row, body = _record(checked, rules.check_detail(detail), by, now)
    journal.write(Line("party", "relate", row.id, "", "", by.name, now, body))
    return row


@transaction.atomic
def import_relations(*, text: str, by: Actor, now: datetime) -> int:
    """Record a CSV file of ties, the whole file or nothing; lines that are recorded already are left as they are.

    Raises
    ------
    UnableToRelate
        Naming the first wrong line.
    """
    rules.may_relate(by)
    lines = read_relations(text)
    ends = _ends(lines)
    bodies = []
    for line in lines:
        try:
            checked = rules.check_relation(_relation(line, ends))
            if _known(checked):
                continue
            bodies.append(_record(checked, rules.check_detail(line.detail), by, now)[1])
        except UnableToRelate as wrong:
            raise at_line(line.number, wrong) from None
    if bodies:
        body = {"lines": len(bodies), "relations": digest(bodies).hex()}
        subject = named_id("party.relations", digest(bodies).hex())
        journal.write(Line("party", "import_relations", subject, "", "", by.name, now, body))
    return len(bodies)


@transaction.atomic
def end_relation(*, relation_id: UUID, until: date, by: Actor, now: datetime) -> OrganisationRelation:
    """Say from which date on a tie no longer holds; that is said once.

    Raises
    ------
    UnableToRelate
        When it ended before, or would end before it began.
    """
    rules.may_relate(by)
    row = queries.relation(relation_id, lock=True)
    if row.until is not None:
        raise UnableToRelate(
            "ENDED_ALREADY", f"该关联已于{row.until}终止", f"it ended on {row.until} already", field="until"
        )
    rules.check_end(row.since, until)
    row.until = until
    row.save(update_fields=["until"])
    body = {"until": until.isoformat()}
    journal.write(Line("party", "end_relation", row.id, "", "", by.name, now, body))
    return row


@transaction.atomic
def erase_detail(*, relation_id: UUID, by: Actor, now: datetime) -> bool:
    """Erase the personal facts of a tie for good; say whether there were any."""
    rules.may_relate(by)
    erased, _ = RelationDetail.objects.filter(relation_id=relation_id).delete()
    if erased:
        journal.write(Line("party", "erase_relation_detail", relation_id, "", "", by.name, now, {}))
    return bool(erased)


def _record(checked: Relation, detail: str, by: Actor, now: datetime) -> tuple[OrganisationRelation, dict[str, object]]:
    if checked.share_bp is not None:
        Organisation.objects.select_for_update(no_key=True).get(id=checked.other)  # shares of one firm take turns
        if checked.until is None:
            rules.check_whole(share_held(checked.other, checked.since), checked.share_bp)
    row = OrganisationRelation(
        id=new_id(),
        kind=checked.kind,
        one_id=checked.one,
        other_id=checked.other,
        share_bp=checked.share_bp,
        since=checked.since,
        until=checked.until,
        source=checked.source,
        recorded_by=by.name,
        recorded_at=now,
        salt=secrets.token_bytes(_SALT_BYTES),
    )
    _insert(row)
    body: dict[str, object] = {
        "kind": checked.kind.value,
        "one": str(checked.one),
        "other": str(checked.other),
        "share_bp": checked.share_bp,
        "since": checked.since.isoformat(),
        "source": digest({"salt": row.salt.hex(), "source": checked.source}).hex(),
        "until": checked.until.isoformat() if checked.until else "",
    }
    if detail:
        salt = secrets.token_bytes(_SALT_BYTES)
        RelationDetail.objects.create(relation=row, text=detail, salt=salt)
        body["detail"] = digest({"salt": salt.hex(), "text": detail}).hex()
    return row, body


def _insert(row: OrganisationRelation) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as clash:
        if "relation_once" not in str(clash):
            raise
        raise UnableToRelate(
            "RELATION_TWICE",
            "该关联（同一起始日期）已登记",
            "this tie with this first day is recorded already",
            field="since",
        ) from None


def _known(checked: Relation) -> bool:
    same = {"kind": checked.kind, "one_id": checked.one, "other_id": checked.other, "since": checked.since}
    return OrganisationRelation.objects.filter(**same, share_bp=checked.share_bp).exists()


def _ends(lines: tuple[RelationLine, ...]) -> dict[str, UUID]:
    codes = {code for line in lines for code in (line.one, line.other)}
    found = Organisation.objects.filter(uscc__in=codes).order_by().values_list("uscc", "id")
    return {code: id_ for code, id_ in found if code}


def _relation(line: RelationLine, ends: dict[str, UUID]) -> Relation:
    for column, code in (("one", line.one), ("other", line.other)):
        if code not in ends:
            raise UnableToRelate(
                "NOT_REGISTERED",
                f"代码{code or '（空）'}未登记，请先登记该主体",
                f"no organisation has the code {code or '(empty)'}; register it first",
                field=column,
            )
    return Relation(
        kind=RelationKind(line.kind),
        one=ends[line.one],
        other=ends[line.other],
        share_bp=line.share_bp,
        since=line.since,
        until=line.until,
        source=line.source,
    )
