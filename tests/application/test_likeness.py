"""What papers say and look like: nearly the same one is found, a hostile file is bounded and harms nobody."""

import io
import struct
import zlib
from datetime import date

import pypdfium2
import pytest
import typst
from PIL import Image, ImageEnhance, ImageFilter

from jiaozi.alert.models import Alert
from jiaozi.alert.rules import AlertKind, UnableToProceed
from jiaozi.application import services as application
from jiaozi.application.models import EvidenceFile, PaperLikeness
from jiaozi.application.queries import screening as reads
from jiaozi.application.rules import likeness as rules
from jiaozi.application.rules.evidence import FileKind
from jiaozi.application.services import likeness, paper_reader
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.voucher import services as vouchers
from tests.settlement.cities import City, text_of
from tests.world import OFFICER

from .papers import PNG, pdf

CLAUSES = [
    f"Article {n}. The supplier delivers {n * 37} hours of kind {chr(65 + n % 26)}, metered by the centre's own meter; "
    f"what is used beyond {n * 11 % 90} in a hundred is charged at the list price of month {n % 12 + 1}."
    for n in range(1, 26)
]
OTHER = [
    f"Clause {n}: storage of {n * 13} terabytes lies in hall {n % 7}, copied every {n + 3} days." for n in range(40)
]


def paper(title: str, lines) -> bytes:
    body = "\n\n".join([f"= {title}", *lines]).replace("#", "")
    return typst.compile(f'#set page(paper: "a4")\n{body}'.encode(), format="pdf")


def picture_of(content: bytes) -> Image.Image:
    return pypdfium2.PdfDocument(content)[0].render(scale=1.5, grayscale=True).to_pil()


def scanned(image: Image.Image, form: str = "JPEG") -> bytes:
    """Print and scan it again: turned a little, moved, darker, blurred, with another compression."""
    image = image.convert("L").rotate(0.8, fillcolor=255, resample=Image.Resampling.BICUBIC)
    image = image.transform(image.size, Image.Transform.AFFINE, (1, 0, 8, 0, 1, -9), fillcolor=255)
    image = ImageEnhance.Brightness(image).enhance(0.9).filter(ImageFilter.GaussianBlur(0.8))
    kept = io.BytesIO()
    image.save(kept, form, quality=55)
    return kept.getvalue()


def as_pdf(image: bytes) -> bytes:
    kept = io.BytesIO()
    Image.open(io.BytesIO(image)).save(kept, "PDF")
    return kept.getvalue()


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


CONTRACT = paper("Contract HT-1", CLAUSES)


class TestReading:
    def test_the_text_of_a_pdf(self):
        found = likeness.read(CONTRACT, FileKind.PDF)
        assert "Article 25. The supplier delivers 925 hours" in " ".join(found.text.split())
        assert (found.picture, found.reason, len(found.sketch)) == (None, "", 32)

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "PDF"])
    def test_a_scan_is_nearly_its_page_and_no_other(self, form):
        image = picture_of(CONTRACT)
        first = scanned(image)
        again = as_pdf(first) if form == "PDF" else scanned(image.rotate(-1.2, fillcolor=255), form)
        kind = FileKind(form)
        one, other = likeness.read(first, FileKind.JPEG).picture, likeness.read(again, kind).picture
        strange = likeness.read(scanned(picture_of(paper("Contract HT-2", OTHER))), FileKind.JPEG).picture
        assert apart(one, other) <= 60 < apart(one, strange)

    def test_a_blank_page_is_like_nothing(self):
        kept = io.BytesIO()
        Image.new("L", (800, 1000), 250).save(kept, "PNG")
        assert likeness.read(kept.getvalue(), FileKind.PNG) == rules.Read()

    def test_what_is_too_small_to_hold_a_page_starts_no_reader(self, monkeypatch):
        monkeypatch.setattr(likeness, "_by_reader", None)
        assert likeness.read(PNG, FileKind.PNG) == likeness.read(pdf("x"), FileKind.PDF) == rules.Read()

    def test_text_that_can_not_be_stored_is_none(self):
        assert rules.as_told({"text": "a\x00b\ud800c", "picture": None}).text == "ab?c"

    @pytest.mark.parametrize("told", [[], {"text": 3}, {"text": "", "picture": "zz"}, {"text": "", "picture": 7}])
    def test_an_answer_of_another_form_is_not_believed(self, told):
        assert rules.as_told(told).reason == "ANSWER"


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width, height, rows=b""):
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"") \
        + b" " * 200  # fmt: skip


def bomb_of_text():
    """A page whose 100 MB of content are 100 kB of file."""
    stream = zlib.compress(b"BT /F1 1 Tf (x) Tj ET " * 4_500_000, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n" % len(stream) + stream + b"\nendstream",
    ]  # fmt: skip
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 5\n0000000000 65535 f \n" + table + b"trailer<</Size 5/Root 1 0 R>>\n"
    return body + head + b"startxref\n%d\n%%%%EOF\n" % len(body)


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (png(60_000, 60_000), FileKind.PNG),  # 3.6 thousand million pixels
            (png(9_000, 6_000, b"\x00" * 1000), FileKind.PNG),  # within the bound, but cut off
            (b"\xff\xd8\xff" + b"\x00" * 500 + b"\xff\xd9", FileKind.JPEG),
            (b"%PDF-1.7\n" + b"1 0 obj<</Kids[1 0 R]>>endobj\n" * 20 + b"%%EOF", FileKind.PDF),
            (b"%PDF-1.7\n" + b"[" * 100_000 + b"\n%%EOF", FileKind.PDF),
        ],
        ids=["pixels", "cut-off", "no-jpeg", "loop", "deep"],
    )
    def test_what_can_not_be_read_says_why(self, content, kind):
        found = likeness.read(content, kind)
        assert found.reason
        assert (found.text, found.picture) == ("", None)

    def test_a_page_that_unpacks_without_end_is_stopped(self):
        found = likeness.read(bomb_of_text(), FileKind.PDF)
        assert found.reason == "TOO_SLOW" or found.reason.startswith("ENDED")  # by its own limits, or from outside
        assert (found.text, found.picture) == ("", None)

    def test_the_reader_is_bounded_before_it_reads(self):
        assert paper_reader.CPU_S < likeness.WALL_S
        assert paper_reader.MEMORY_BYTES * likeness.AT_ONCE <= 2 << 30


class TestDossiers:
    @pytest.fixture
    def city(self, db):
        return City(text_of("beijing"), date(2024, 6, 3))

    def claim(self, city, holder, number, content, name="合同.pdf"):
        facts = city.sample("firm")
        id_ = city.dossier(holder, "contract", {**facts, "contract": {**facts["contract"], "id": number}})
        application.attach(
            application_id=id_, step=StepOfLife.APPLY, paper="contract", name=name, content=content,
            by=city.by(holder), now=city.now,
        )  # fmt: skip
        return id_

    def test_a_contract_that_is_nearly_anothers_stops_issue(self, city):
        one, other = city.holder("甲科技"), city.holder("乙科技")
        self.claim(city, one, "HT-2024-001", CONTRACT)
        second = self.claim(city, other, "HT-2024-002", paper("Contract HT-9", [*CLAUSES[:-1], OTHER[0]]))
        city.noticed(second)
        (found,) = Alert.objects.all()
        assert (found.kind, found.subject_id) == (AlertKind.SIMILAR_PAPER, str(second))
        with pytest.raises(UnableToProceed, match="its text is"):
            vouchers.issue(application_id=second, by=OFFICER, now=city.now)

    def test_a_scan_that_is_nearly_anothers_is_found(self, city):
        image = picture_of(CONTRACT)
        one, other = city.holder("甲科技"), city.holder("乙科技")
        self.claim(city, one, "HT-2024-001", as_pdf(scanned(image)))
        second = self.claim(city, other, "HT-2024-002", as_pdf(scanned(image.rotate(-1, fillcolor=255))))
        application.screen(application_id=second, by=OFFICER, now=city.now)
        assert [row.kind for row in Alert.objects.filter(subject_id=str(second))] == [AlertKind.SIMILAR_PAPER]

    def test_another_contract_is_not_suspected(self, city):
        one, other = city.holder("甲科技"), city.holder("乙科技")
        self.claim(city, one, "HT-2024-001", CONTRACT)
        second = self.claim(city, other, "HT-2024-002", paper("Contract HT-2", OTHER))
        application.screen(application_id=second, by=OFFICER, now=city.now)
        assert not Alert.objects.exists()

    def test_a_paper_that_came_before_papers_were_read_is_read_at_the_next_screening(self, city):
        one, other = city.holder("甲科技"), city.holder("乙科技")
        first = self.claim(city, one, "HT-2024-001", CONTRACT)
        second = self.claim(city, other, "HT-2024-002", paper("Contract HT-9", CLAUSES[:-1]))
        PaperLikeness.objects.all().delete()
        for each in (first, second):
            application.screen(application_id=each, by=OFFICER, now=city.now)
        assert [row.subject_id for row in Alert.objects.all()] == [str(second)]

    def test_an_unreadable_paper_is_kept_and_says_why(self, city):
        self.claim(city, city.holder("甲科技"), "HT-2024-001", b"%PDF-1.7\n" + b"[" * 1000 + b"\n%%EOF")
        row = EvidenceFile.objects.get(size_bytes=1015)
        assert row.likeness.reason
        assert row.likeness.text == ""

    def test_screening_reads_in_a_fixed_number_of_statements(self, city, django_assert_num_queries):
        last = None
        for number in range(4):
            lines = [f"{line} No. {number}" for line in CLAUSES]
            last = self.claim(city, city.holder(f"企业{number}"), f"HT-{number:04d}", paper("Contract", lines))
        with django_assert_num_queries(1):
            assert [len(near) for near in reads.like_texts(last).values()] == [3]
        with django_assert_num_queries(2):
            assert len(reads.likenesses(last)) >= 1
            reads.pictures(last, {"contract"})


def test_a_paper_that_comes_while_every_reader_is_busy_is_taken_unread(monkeypatch):
    class Busy:
        def acquire(self, timeout):
            assert timeout == likeness.WALL_S
            return False

    monkeypatch.setattr(likeness, "_ROOM", Busy())
    assert likeness.read(CONTRACT, FileKind.PDF) is None
