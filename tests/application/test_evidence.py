"""Papers: known by their content, kept once under their digest, read only by who may, found when a byte changed."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.conf import settings as live_settings
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.application import services as application
from jiaozi.application.models import Evidence, EvidenceFile
from jiaozi.application.queries import evidence as reads
from jiaozi.application.rules import evidence as rules
from jiaozi.application.rules.evidence import FileKind, UnableToKeepEvidence, UnableToReadEvidence
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.label import Label
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules import Paper
from jiaozi.policy.rules.words import Format, StepOfLife
from jiaozi.settlement import queries as settlement
from tests import world as worlds
from tests.application.papers import CSV, JPEG, PDF, PNG, pdf
from tests.world import CENTRE_CLERK, FINANCE, OFFICER, OPERATOR

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
AUDITOR = Actor("auditor:he", Role.AUDITOR)


class TestKinds:
    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (PDF, FileKind.PDF),
            (PNG, FileKind.PNG),
            (JPEG, FileKind.JPEG),
            (CSV, FileKind.CSV),
            ("合同,金额\n甲,100\n".encode("gb18030"), FileKind.CSV),
            (b"\xef\xbb\xbfa,b\r\n1,2\r\n", FileKind.CSV),
        ],
    )
    def test_are_told_by_content(self, content, kind):
        assert rules.kind_of(content) is kind

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "FILE_EMPTY"),
            (b"MZ\x90\x00" + bytes(100), "FILE_KIND_UNKNOWN"),
            (b"a,b\x00\n1,2\n", "FILE_KIND_UNKNOWN"),
            (b"a,b\n\x1b[31m,2\n", "FILE_KIND_UNKNOWN"),
            (b"just words without a separator", "FILE_KIND_UNKNOWN"),
            (b"GIF89a" + bytes(20), "FILE_KIND_UNKNOWN"),
            (b"\xff\xfea\x00,\x00b\x00", "FILE_KIND_UNKNOWN"),
            (PDF[:-10], "FILE_CUT_OFF"),
            (PNG[:-14], "FILE_CUT_OFF"),
            (JPEG[:-2], "FILE_CUT_OFF"),
            (bytes(rules.SIZE_MAX_BYTES + 1), "FILE_TOO_LARGE"),
        ],
    )
    def test_what_is_none_of_them_is_named(self, content, code):
        with pytest.raises(UnableToKeepEvidence) as refused:
            rules.kind_of(content)
        assert refused.value.reason.code == code

    @given(st.binary(max_size=300))
    def test_any_bytes_get_a_kind_or_a_refusal(self, content):
        with suppress(UnableToKeepEvidence):
            assert rules.kind_of(content) in FileKind


class TestNames:
    @pytest.mark.parametrize(
        ("name", "clean"),
        [
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\合同\\发票 2026.PDF", "发票 2026.pdf"),
            ("a\x00b\u202egpj.pdf", "abgpj.pdf"),
            ("", "evidence.pdf"),
            (" .. ", "evidence.pdf"),
            ("<script>.pdf", "script.pdf"),
        ],
    )
    def test_are_cleaned(self, name, clean):
        assert rules.clean_name(name, FileKind.PDF).lower() == clean

    @given(st.text(max_size=400), st.sampled_from(FileKind))
    def test_are_always_short_and_harmless(self, name, kind):
        clean = rules.clean_name(name, kind)
        assert 1 < len(clean) <= rules.NAME_MAX
        assert not set(clean) & set('/\\<>:"|?*\x00\n\r')
        assert not clean.startswith(".")


def test_a_clause_takes_only_its_formats():
    paper = Paper("invoice", Label("发票", "invoice"), StepOfLife.REDEEM, (Format.PDF, Format.IMAGE))
    rules.check_format(paper, FileKind.JPEG)
    with pytest.raises(UnableToKeepEvidence, match="PDF or an image"):
        rules.check_format(paper, FileKind.CSV)


@pytest.fixture
def folder(tmp_path, settings):
    settings.JIAOZI_EVIDENCE = str(tmp_path / "evidence")
    return tmp_path / "evidence"


@pytest.fixture
def world(db, folder):
    return worlds.build(NOW)


@pytest.fixture
def dossier(world):
    holder = world.holder("蓉城算法科技有限公司")
    return world.apply(holder), world.applicant(holder)


def hand_in(dossier, content=PDF, name="合同.pdf", **changes):
    application_id, by = dossier
    words = {"application_id": application_id, "step": StepOfLife.APPLY, "paper": rules.OTHER, "name": name}
    return application.attach(**words | {"content": content, "by": by, "now": NOW} | changes)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


class TestKeeping:
    def test_the_content_lies_under_its_digest(self, dossier, folder):
        row = hand_in(dossier)
        digest = hashlib.sha256(PDF).hexdigest()
        assert row.file_id == digest
        assert files(folder) == [folder / digest[:2] / digest[2:4] / digest]
        assert reads.content(row.id, by=dossier[1]) == (row, PDF)

    def test_same_content_twice_is_one_file_with_two_rows(self, dossier, folder):
        first, second = hand_in(dossier), hand_in(dossier, name="again.pdf")
        assert first.file_id == second.file_id
        assert len(files(folder)) == EvidenceFile.objects.count() == 1
        assert [row.name for row in reads.papers(dossier[0])] == ["合同.pdf", "again.pdf"]

    def test_a_paper_is_never_about_anothers_dossier(self, dossier, world, folder):
        holder = world.holder("锦城算力应用有限公司", serial=2)
        other = world.apply(holder)
        with pytest.raises(UnableToKeepEvidence, match="never about another") as refused:
            hand_in(dossier, about=other)
        assert (refused.value.reason.code, refused.value.reason.field) == ("ABOUT_ANOTHER", "about")
        assert (reads.papers(other), files(folder)) == ([], [])

    def test_the_papers_of_one_dossier_take_no_room_of_anothers(self, dossier, world, monkeypatch):
        monkeypatch.setattr(rules, "PAPERS_MAX", 1)
        holder, claim = world.holder("锦城算力应用有限公司", serial=2), uuid4()
        other = (world.apply(holder), world.applicant(holder))
        foreign, own = hand_in(dossier, about=claim), hand_in(other, about=claim)
        assert [row.id for row in reads.papers(other[0], claim)] == [own.id]
        assert [row.id for row in reads.papers(dossier[0], claim)] == [foreign.id]

    def test_one_journal_line_carries_the_digest(self, dossier):
        row = hand_in(dossier)
        (line,) = JournalLine.objects.filter(subject=row.id)
        assert (line.verb, line.body["sha256"]) == ("attach", row.file_id)
        assert "合同" not in str(line.body)

    def test_nothing_stays_of_what_is_refused(self, dossier, folder):
        with pytest.raises(UnableToKeepEvidence):
            hand_in(dossier, content=b"MZ")
        with pytest.raises(UnableToKeepEvidence, match="no paper diploma"):
            hand_in(dossier, paper="diploma")
        assert not Evidence.objects.exists()
        assert not folder.exists()

    def test_the_papers_of_a_step_are_bounded(self, dossier, monkeypatch):
        monkeypatch.setattr(rules, "PAPERS_MAX", 1)
        hand_in(dossier)
        with pytest.raises(UnableToKeepEvidence, match="at most 1"):
            hand_in(dossier, content=PNG)

    def test_a_changed_file_is_not_taken_for_the_same_content(self, dossier, folder):
        row = hand_in(dossier)
        reads.place_of(row.file_id).write_bytes(b"x" + PDF)
        with pytest.raises(UnableToReadEvidence, match=row.file_id):
            hand_in(dossier)

    def test_rows_are_not_edited(self, dossier):
        hand_in(dossier)
        for statement in ("UPDATE evidence SET name = 'x'", "DELETE FROM evidence", "DELETE FROM evidence_file"):
            with (
                pytest.raises(DatabaseError, match="hand a new paper in"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


class TestReading:
    @pytest.mark.parametrize("by", [OFFICER, FINANCE, AUDITOR])
    def test_the_house_may(self, dossier, by):
        assert reads.content(hand_in(dossier).id, by=by)[1] == PDF

    @pytest.mark.parametrize("by", [OPERATOR, CENTRE_CLERK, Actor("applicant:x", Role.APPLICANT, uuid4())])
    def test_others_may_not(self, dossier, by):
        row = hand_in(dossier)
        with pytest.raises(UnableToReadEvidence, match="auditors"):
            reads.content(row.id, by=by)

    @pytest.mark.parametrize(
        "by", [OPERATOR, CENTRE_CLERK, AUDITOR, FINANCE, Actor("applicant:x", Role.APPLICANT, uuid4())]
    )
    def test_others_hand_nothing_in(self, dossier, by):
        with pytest.raises(UnableToKeepEvidence):
            hand_in(dossier, by=by)

    def test_a_changed_byte_is_found_and_named(self, dossier):
        row, fine = hand_in(dossier), hand_in(dossier, content=PNG)
        assert reads.audit_evidence() == []
        changed = bytearray(PDF)
        changed[20] ^= 1
        reads.place_of(row.file_id).write_bytes(bytes(changed))
        with pytest.raises(UnableToReadEvidence, match=row.file_id):
            reads.content(row.id, by=OFFICER)
        (finding,) = reads.audit_evidence()
        assert (finding.where, finding.found) == (row.file_id, hashlib.sha256(changed).hexdigest())
        assert reads.content(fine.id, by=OFFICER)[1] == PNG

    def test_the_audit_of_everything_says_so(self, dossier):
        row = hand_in(dossier)
        assert settlement.audit_all().holds
        reads.place_of(row.file_id).write_bytes(PNG)
        found = settlement.audit_all()
        assert [finding.where for finding in found.findings] == [row.file_id]
        (broken,) = [each for each in found.checked if not each.holds]
        assert (broken.invariant.room, broken.rows) == ("application", 1)

    def test_a_lost_file_is_named(self, dossier):
        row = hand_in(dossier)
        reads.place_of(row.file_id).unlink()
        with pytest.raises(UnableToReadEvidence, match="not there"):
            reads.content(row.id, by=OFFICER)
        assert [finding.found for finding in reads.audit_evidence()] == ["lost"]

    def test_a_page_is_two_statements(self, dossier, django_assert_num_queries):
        for number in range(5):
            hand_in(dossier, content=pdf(str(number)))
        with django_assert_num_queries(1):
            assert len({row.file.size_bytes for row in reads.papers(dossier[0])}) == 1


def test_many_hand_the_same_content_in_at_once(fresh_database, tmp_path, monkeypatch):
    monkeypatch.setattr(live_settings, "JIAOZI_EVIDENCE", str(tmp_path / "evidence"))
    world = worlds.build(NOW)
    holder = world.holder("蓉城算法科技有限公司")
    dossiers = [(world.apply(holder), world.applicant(holder)) for _ in range(6)]

    def one(dossier):
        try:
            return hand_in(dossier).file_id
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        digests = set(pool.map(one, dossiers))
    assert len(digests) == len(files(tmp_path)) == EvidenceFile.objects.count() == 1
    assert Evidence.objects.count() == 6
    assert reads.audit_evidence() == []
