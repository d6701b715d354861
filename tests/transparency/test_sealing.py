"""Sealing: every line and transfer once, in order; totals that are the books; a chain that shows what was touched."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction

from jiaozi.journal.models import JournalLine
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.party.models import Organisation
from jiaozi.party.rules import HolderClass
from jiaozi.settlement.queries import year_at_a_glance
from jiaozi.transparency import queries, rules, services
from jiaozi.transparency.models import Chain, Entry
from jiaozi.transparency.rules import By, Form, Measure, prove
from jiaozi.voucher import services as voucher
from jiaozi.voucher.models import Voucher
from tests.web.sample_year import fill
from tests.world import CENTRE, OFFICER, PROGRAMME

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 5, 20, 2, 30, tzinfo=UTC)


@pytest.fixture
def books():
    """The sample year, sealed in small batches."""
    world = fill(NOW, sealed=False)
    while services.seal(now=NOW, most=37, until=services.EVERYTHING):
        pass
    return world


def download(form: Form = Form.JSON, *, after: int = 0, upto: int | None = None) -> list[bytes]:
    text = b"".join(queries.stream(queries.part(after, upto), form))
    return text.splitlines(keepends=True)


def test_every_line_and_transfer_is_sealed_once(books) -> None:
    assert Entry.objects.count() == JournalLine.objects.count() + LedgerTransfer.objects.count()
    assert Chain.objects.get().n == Entry.objects.count()
    assert services.seal(now=NOW, until=services.EVERYTHING) == 0
    assert queries.audit() == []


def test_the_figures_are_what_the_books_say(books) -> None:
    glance, found = year_at_a_glance(PROGRAMME, 2024), queries.open_year(PROGRAMME, 2024)
    assert glance.held_fen
    assert glance.settled_fen
    for name in (
        "budget_fen",
        "issued_fen",
        "held_fen",
        "used_fen",
        "settled_fen",
        "ended_fen",
        "spendable_fen",
        "vouchers",
    ):
        assert getattr(found, name) == getattr(glance, name), name
    assert found.checkpoint.stands()
    by_centre = queries.breakdown(PROGRAMME, 2024, By.CENTRE)
    assert [each.key for each in by_centre] == [CENTRE]
    assert by_centre[0].figures.settled_fen == glance.settled_fen
    by_clause = queries.breakdown(PROGRAMME, 2024, By.CLAUSE)
    for name in ("issued_fen", "used_fen", "settled_fen", "held_fen"):
        assert sum(getattr(each.figures, name) for each in by_clause) == getattr(glance, name), name
    days = queries.burn_down(PROGRAMME, 2024)
    assert sum(each[Measure.ISSUED] for _, each in days) == glance.issued_fen
    for measure, whole_fen in (
        (Measure.ISSUED, glance.issued_fen),
        (Measure.HELD, glance.held_fen),
        (Measure.USED, glance.used_fen),
    ):
        assert sum(row.fen for row in queries.entries(PROGRAMME, 2024, measure)) == whole_fen, measure


@pytest.mark.parametrize("form", list(Form))
def test_a_download_proves_itself(books, form: Form) -> None:
    proof = prove([download(form)])
    assert proof.faults == []
    assert proof.whole
    assert proof.signed
    assert proof.rows == Entry.objects.count()
    assert proof.withheld
    glance = year_at_a_glance(PROGRAMME, 2024)
    assert proof.totals[PROGRAMME, 2024, Measure.ISSUED] == glance.issued_fen
    assert proof.totals[PROGRAMME, 2024, Measure.HELD] == glance.held_fen
    assert proof.totals[PROGRAMME, 2024, Measure.USED] == glance.used_fen


def test_one_fen_is_found_and_named(books) -> None:
    lines = download()
    row = Entry.objects.filter(measure=Measure.USED).order_by("n").first()
    at = next(index for index, line in enumerate(lines) if json.loads(line).get("n") == row.n)
    said = json.loads(lines[at])
    assert said["amount_fen"] == row.fen
    lines[at] = json.dumps(said | {"amount_fen": said["amount_fen"] + 1}, separators=(",", ":")).encode() + b"\n"
    proof = prove([lines])
    assert not proof.holds
    first = proof.faults[0]
    assert (first.line, first.n) == (at + 1, row.n)
    assert str(row.entry) in first.label.en
    assert "content was changed" in first.label.en
    assert any("checksum" in each.label.en for each in proof.faults)


def test_a_forger_who_computes_everything_anew_lacks_the_key(books) -> None:
    lines = [json.loads(line) for line in download()]
    head, changed = rules.GENESIS, False
    for row in lines[1:-1]:
        if row.get("event") == "voucher.issue" and not changed:
            row["amount_fen"] += 1
            changed = True
        if row["source"] != "WITHHELD":
            row["leaf"] = rules.leaf(row).hex()
        head = rules.link(head, bytes.fromhex(row["leaf"]))
        row["head"] = head.hex()
    assert changed
    kept = [json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for line in lines]
    found = [each.label.en for each in prove([kept]).faults]
    assert any("not the one that was signed" in each for each in found)


def test_what_a_holder_becomes_later_changes_no_seal(books) -> None:
    Organisation.objects.exclude(uscc=None).update(holder_class=HolderClass.UNIVERSITY)
    assert prove([download()]).faults == []


def test_parts_follow_each_other(books) -> None:
    first = prove([download(upto=37)])
    assert first.faults == []
    assert first.last == 37
    both = prove([download(upto=37), download(after=37)])
    assert both.faults == []
    assert both.whole
    assert both.rows == Entry.objects.count()
    gap = prove([download(upto=37), download(after=74)])
    assert "ended at 37" in gap.faults[0].label.en


def test_a_cut_download_is_told(books) -> None:
    assert "cut short" in prove([download()[:-1]]).faults[-1].label.en


def test_a_download_names_nobody(books) -> None:
    text = b"".join(download()).decode()
    for line in JournalLine.objects.all():
        assert line.by not in text
    assert "成都锦城智能科技" not in text
    assert "OWN_PAYABLE" not in text


def test_nothing_that_was_sealed_can_be_edited(books) -> None:
    for act in (
        lambda: Entry.objects.filter(n=1).update(fen=1),
        lambda: Entry.objects.filter(n=1).delete(),
        lambda: Chain.objects.update(n=0),
        lambda: Chain.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_code_stands_for_its_entries(books) -> None:
    issued = Entry.objects.filter(measure=Measure.ISSUED).order_by("n").first()
    number = issued.subject.hex[-12:].upper()
    found = queries.standing(f"{number[:4]}-{number[4:8]}-{number[8:]}")
    assert found.valid
    assert found.voucher.id == issued.subject
    assert issued.n in {row["n"] for row in found.rows}
    by_hash = queries.standing(bytes(issued.leaf).hex())
    assert [row["n"] for row in by_hash.rows] == [issued.n]
    assert by_hash.valid
    assert not queries.standing("0000-0000-0000").valid
    offline = prove([download()], code=number)
    assert issued.n in {each.n for each in offline.found}


def test_a_line_that_commits_late_is_sealed_when_it_is_over(books) -> None:
    """Without ``until`` nothing of a transaction that still runs is sealed: the test's own is one."""
    row = Voucher.objects.filter(state="ACTIVE").first()
    voucher.freeze(voucher_id=row.id, reason="x", by=OFFICER, now=NOW)
    assert services.seal(now=NOW) == 0
    assert services.seal(now=NOW, until=services.EVERYTHING)
