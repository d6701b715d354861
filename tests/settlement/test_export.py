"""A statement given out: four forms of the same figures, the same bytes each time, and a paper that can be signed."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from contextlib import nullcontext
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import cn2an
import openpyxl
import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from jiaozi.cli import statement as command
from jiaozi.kernel.fen import in_words, yuan
from jiaozi.kernel.period import month
from jiaozi.metering.rules import focus as usage_focus
from jiaozi.settlement import queries
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries import ExportForm, exporting
from jiaozi.settlement.rules.export import UnableToPrint, check_font, paper
from jiaozi.settlement.rules.export.paper import FONTS
from tests.settlement.conftest import LATER, NOVEMBER
from tests.world import PROGRAMME

paper_module = sys.modules[paper.__module__]
needs_font = pytest.mark.skipif(
    not set(FONTS) & set(typst.Fonts().families()), reason="no Chinese font: make setup-system"
)


@pytest.fixture
def paid(house) -> Statement:
    """A paid statement of two captures and one that came after the period had been closed once."""
    house.prefund()
    house.capture(units=2, seconds=1800)
    house.capture(units=3, seconds=5400)
    return house.paid(house.closed())


def export(row, form):
    return queries.export(row.id, ExportForm(form))


@needs_font
def test_a_statement_closed_within_a_second_is_printed_too(house):
    house.capture()
    row = house.closed(now=LATER.replace(microsecond=123_456))
    assert export(row, "pdf").startswith(b"%PDF")


@needs_font
@pytest.mark.parametrize("form", list(ExportForm))
def test_the_same_statement_is_the_same_bytes(paid, form):
    assert export(paid, form) == export(paid, form)


def test_csv_adds_up_to_the_statement(paid):
    *rows, total = csv.reader(io.StringIO(export(paid, "csv").decode("utf-8-sig")))
    assert sum(Decimal(row[3]) for row in rows[1:]) == Decimal(total[3]) == Decimal(paid.total_fen).scaleb(-2)
    assert total[4] == in_words(paid.total_fen)
    assert [row[3] for row in rows[1:]] == [row[4] for row in rows[1:]] == [row[5] for row in rows[1:]]


def test_the_workbook_has_numbers_and_no_formula(paid):
    book = openpyxl.load_workbook(io.BytesIO(export(paid, "xlsx")))
    assert book.sheetnames == ["结算单", "按持券人汇总", "明细"]
    head, *lines = book["明细"].iter_rows(values_only=True)
    due = head.index("算力券（元） voucher")
    assert round(sum(row[due] for row in lines) * 100) == paid.total_fen
    assert in_words(paid.total_fen) in [row[1].value for row in book["结算单"].iter_rows()]
    assert [row[-1].value for row in book["按持券人汇总"].iter_rows()][-1] == pytest.approx(paid.total_fen / 100)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_a_text_is_never_a_formula(paid):
    from jiaozi.party.models import Organisation

    Organisation.objects.update(name="=HYPERLINK(1)")
    assert b"'=HYPERLINK(1)" in export(paid, "csv")
    assert b"'=HYPERLINK(1)" in export(paid, "focus")
    sheet = openpyxl.load_workbook(io.BytesIO(export(paid, "xlsx")))["明细"]
    assert [cell.data_type for cell in sheet[2] if cell.value == "=HYPERLINK(1)"] == ["s"]


def test_focus_has_the_voucher_as_a_credit(paid):
    text = export(paid, "focus").decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    usage, credit = ([row for row in rows if row["ChargeCategory"] == kind] for kind in ("Usage", "Credit"))
    assert len(usage) == len(credit) == paid.captures == 2
    assert -sum(Decimal(row["BilledCost"]) for row in credit) == Decimal(paid.total_fen).scaleb(-2)
    own = sum(line.own_fen for line in exporting.document(paid.id).lines)
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal(own).scaleb(-2)
    assert {row["ConsumedQuantity"] for row in usage} == {"1", "4.5"}
    for row in usage:
        exact = Decimal(row["ConsumedQuantity"]) * Decimal(row["ListUnitPrice"])
        assert exact.quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(row["BilledCost"])
        assert row["ChargePeriodStart"].endswith("Z")
    assert {row["ConsumedQuantity"] for row in credit} == {""}


def test_what_goes_out_as_focus_can_be_read_as_usage(paid):
    read = usage_focus.read(export(paid, "focus").decode(), {}, {"cpu-core": "CPU"})
    assert (read.bad, dict(read.passed)) == ([], {"ChargeCategory Credit": 2})
    assert sorted((entry.units, entry.elapsed_ms) for entry in read.entries) == [(2, 1_800_000), (3, 5_400_000)]


def test_an_adjustment_goes_out_as_a_correction(house):
    house.capture()
    row = house.closed(month(2026, 12), now=LATER + timedelta(days=40))
    rows = csv.DictReader(io.StringIO(export(row, "focus").decode()))
    assert {row["ChargeClass"] for row in rows} == {"Correction"}


# the paper

BLANKS = str.maketrans("", "", " \n\u3000")
programs = pytest.mark.skipif(
    not (shutil.which("pdftotext") and shutil.which("pdffonts")), reason="no pdftotext: make setup-system"
)


def text_of(content, tmp_path):
    path = tmp_path / "s.pdf"
    path.write_bytes(content)
    return subprocess.run(
        ["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True
    ).stdout.translate(BLANKS)


@needs_font
@programs
def test_the_paper_says_what_is_signed(paid, tmp_path):
    said = text_of(export(paid, "pdf"), tmp_path)
    document = exporting.document(paid.id)
    for words in (
        paid.number,
        in_words(paid.total_fen),
        yuan(paid.total_fen),
        paid.bank_reference,
        document.centre.name,
    ):
        assert words in said.replace("\n", "")
    assert "未经批准" not in said
    assert all(line.reference in said for line in document.lines)
    assert "演示数据" in said, "a demo value says that it is one"


@needs_font
@programs
def test_a_paper_that_nobody_approved_says_so(house, tmp_path):
    house.capture()
    assert "未经批准" in text_of(export(house.closed(), "pdf"), tmp_path)


def test_many_lines_are_summed_and_the_rest_named_by_its_digest(house, tmp_path, monkeypatch):
    monkeypatch.setattr(paper_module, "LINES_MAX", 1)
    for _ in range(3):
        house.capture(units=1, seconds=600)
    said = paper(exporting.document(house.closed().id), "x")
    assert (len(said["rows"]), said["left_out"], said["groups"][0][3]) == (1, 2, "3")


def test_without_a_chinese_font_there_is_one_clear_line_and_no_paper(paid, monkeypatch):
    class Bare:
        def families(self):
            return ["DejaVu Sans"]

    monkeypatch.setattr(exporting, "_fonts", Bare)
    with pytest.raises(UnableToPrint, match="make setup-system"):
        export(paid, "pdf")
    assert check_font(["x", FONTS[-1], FONTS[0]]) == FONTS[0]


# 大写


@given(st.integers(0, 10**15))
def test_big_characters_are_what_another_hand_writes(fen):
    oracle = cn2an.an2cn(str(Decimal(fen).scaleb(-2)), "rmb")
    ours = in_words(fen).removeprefix("人民币")
    # the oracle leaves out 整 after 角, as one may, and some zeros that 支付结算办法 asks for; all else must agree
    kept = str.maketrans("", "", "零整")
    assert (ours.translate(kept) or "元") == oracle.translate(kept)


# the command


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "opened", nullcontext)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(command.app, [str(word) for word in words], env={"COLUMNS": "300"})


def test_the_command_writes_the_file_whole(paid, run, tmp_path):
    shown = run("list", "--programme", PROGRAMME)
    assert str(paid.id) in shown.output
    assert run("export", paid.id, "--format", "csv", "-o", "s.csv").exit_code == 0
    assert (tmp_path / "s.csv").read_bytes() == export(paid, "csv")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--format", "doc", "-o", "x"), "FORM_UNKNOWN"),
        (("--format", "csv", "-o", "none/x"), "FILE_UNWRITABLE"),
    ],
)
def test_a_wrong_word_gets_one_line_and_leaves_no_file(paid, run, tmp_path, words, code):
    shown = run("export", paid.id, *words)
    assert shown.exception.reason.code == code
    assert list(tmp_path.iterdir()) == []


def test_no_such_statement(db, run):
    assert run("export", UUID(int=1), "--format", "csv", "-o", "x").exception.reason.code == "NO_SUCH_STATEMENT"
    assert month(2026, 11) == NOVEMBER
