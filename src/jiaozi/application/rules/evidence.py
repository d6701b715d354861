"""Papers that prove an application: what kind of file a content is, its clean name, who may hand in and who may read.

The kind follows from the bytes, never from the name: PDF, PNG, JPEG by how they begin and end, CSV by being readable
text.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules import Paper
from jiaozi.policy.rules.words import Format

SIZE_MAX_BYTES = 20 * 1024 * 1024
"""A scanned contract of a hundred pages; the content is checked in memory."""
PAPERS_MAX = 50
"""Papers that one step of one dossier may have."""
NAME_MAX = 120
PAPER_ID_MAX = 60
OTHER = "other"
"""A paper that no clause asks for, but that somebody wants on file."""
DIGEST_LENGTH = 64


class FileKind(StrEnum):
    """What a kept file is."""

    PDF = "PDF"
    PNG = "PNG"
    JPEG = "JPEG"
    CSV = "CSV"

    @property
    def form(self) -> Format:
        """The form that a programme's document calls it."""
        return _FORMATS[self]

    @property
    def suffix(self) -> str:
        """The end that its name has."""
        return f".{self.lower()}"


_FORMATS = {
    FileKind.PDF: Format.PDF,
    FileKind.PNG: Format.IMAGE,
    FileKind.JPEG: Format.IMAGE,
    FileKind.CSV: Format.CSV,
}
_SAID = {
    Format.PDF: Label("PDF", "PDF"),
    Format.IMAGE: Label("图片（PNG、JPEG）", "an image (PNG, JPEG)"),
    Format.CSV: Label("CSV", "CSV"),
    Format.METERING: Label("平台计量记录", "the platform's metering"),
}


class UnableToKeepEvidence(Refused):
    """The paper can't be taken; the reason says what could be."""


class UnableToReadEvidence(Refused):
    """The paper can't be given: it is another's, is lost, or is no longer what was handed in."""


def kind_of(content: bytes) -> FileKind:
    """Tell a file's kind from its bytes.

    Raises
    ------
    UnableToKeepEvidence
        When it is empty, too large, cut off, or none of the kinds.

    Examples
    --------
    >>> kind_of("合同,金额".encode())
    <FileKind.CSV: 'CSV'>
    """
    if not content:
        raise UnableToKeepEvidence("FILE_EMPTY", "文件为空", "the file is empty", field="content")
    if len(content) > SIZE_MAX_BYTES:
        most = SIZE_MAX_BYTES // 1024 // 1024
        raise UnableToKeepEvidence(
            "FILE_TOO_LARGE",
            f"文件{len(content)}字节，不得超过{most} MiB",
            f"the file has {len(content)} bytes; {most} MiB are allowed",
            field="content",
        )
    for kind, begins, complete in _SIGNS:
        if content.startswith(begins):
            if not complete(content):
                raise UnableToKeepEvidence(
                    "FILE_CUT_OFF",
                    f"{kind}文件不完整，请重新上传",
                    f"the {kind} file is not complete; hand it in again",
                    field="content",
                )
            return kind
    if _is_csv(content):
        return FileKind.CSV
    raise UnableToKeepEvidence(
        "FILE_KIND_UNKNOWN",
        "文件内容不是PDF、PNG、JPEG或CSV",
        "by its content the file is no PDF, PNG, JPEG or CSV",
        field="content",
    )


_TAIL_BYTES = 1024
_SIGNS: tuple[tuple[FileKind, bytes, Callable[[bytes], bool]], ...] = (
    (FileKind.PDF, b"%PDF-", lambda content: b"%%EOF" in content[-_TAIL_BYTES:]),
    (FileKind.PNG, b"\x89PNG\r\n\x1a\n", lambda content: content[12:16] == b"IHDR" and b"IEND" in content[-16:]),
    (FileKind.JPEG, b"\xff\xd8\xff", lambda content: b"\xff\xd9" in content[3:]),
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _is_csv(content: bytes) -> bool:
    """Say whether it is text (UTF-8, else GB 18030) without control characters that parses as rows with a separator."""
    text = decoded(content)
    if text is None or _CONTROLS.search(text):
        return False
    try:
        first = next((row for row in csv.reader(io.StringIO(text), strict=True) if any(row)), [])
    except csv.Error:
        return False
    return len(first) > 1


def decoded(content: bytes) -> str | None:
    """Give a content as text, UTF-8 or else GB 18030; None where it is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def check_format(paper: Paper, kind: FileKind) -> None:
    """Let a paper come only in a form that the clause takes; no forms named means any.

    Raises
    ------
    UnableToKeepEvidence
        Naming the forms.
    """
    if paper.formats and kind.form not in paper.formats:
        said = [_SAID[each] for each in paper.formats]
        raise UnableToKeepEvidence(
            "FORMAT_NOT_TAKEN",
            f"“{paper.label.zh}”须为{'或'.join(label.zh for label in said)}，该文件是{kind}",
            f"{paper.label.en} must be {' or '.join(label.en for label in said)}; this file is {kind}",
            field=paper.id,
        )


def check_about(*, another: bool) -> None:
    """Keep a dossier's papers about itself, or a claim or stage of its own.

    Raises
    ------
    UnableToKeepEvidence
        When a paper of one dossier is said to be about another one.
    """
    if another:
        raise UnableToKeepEvidence(
            "ABOUT_ANOTHER",
            "材料只能说明本申领或其兑付、阶段，不能归入另一份申领",
            "a paper is about its own dossier, or a claim or stage of it, never about another dossier",
            field="about",
        )


def check_room(there: int) -> None:
    """Bound the papers of one step.

    Raises
    ------
    UnableToKeepEvidence
        When there are as many as there may be.
    """
    if there >= PAPERS_MAX:
        raise UnableToKeepEvidence(
            "TOO_MANY_PAPERS", f"最多{PAPERS_MAX}份材料", f"at most {PAPERS_MAX} papers", field="content"
        )


def paper_asked(papers: Iterable[Paper], needed: Collection[str], wanted: str, paper: Paper) -> Paper:
    """Find the paper among those that a step asks for; ``paper`` stands for one with no form of its own.

    Raises
    ------
    UnableToKeepEvidence
        Naming the papers that could be handed in.
    """
    asked = {each.id: each for each in papers}
    if wanted in asked:
        return asked[wanted]
    if wanted == OTHER or wanted in needed:
        return paper
    there = [*asked, *needed, OTHER]
    raise UnableToKeepEvidence(
        "PAPER_NOT_ASKED",
        f"此环节不需要材料“{wanted}”，可提交：{'、'.join(there)}",
        f"no paper {wanted} is asked for at this step; there may be {', '.join(there)}",
        field="paper",
    )


_UNSAFE = re.compile(r'[<>:"|?*\\/]')
_SPACE = re.compile(r"\s+")


def clean_name(name: str, kind: FileKind) -> str:
    """Give a file's own name without path, control or direction characters, bounded, with its kind's end.

    >>> clean_name("../../etc/发票.exe", FileKind.PDF)
    '发票.exe.pdf'
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    stem = _SPACE.sub(" ", _UNSAFE.sub("", kept)).strip(" .") or "evidence"
    ends = (kind.suffix, ".jpg") if kind is FileKind.JPEG else (kind.suffix,)
    end = next((each for each in ends if stem.lower().endswith(each)), "")
    stem = stem[: -len(end)] if end else stem
    end = end or kind.suffix
    return f"{stem[: NAME_MAX - len(end)].strip(' .') or 'evidence'}{end}"


_READERS = frozenset({Role.OFFICER, Role.FINANCE, Role.AUDITOR})


def check_may_read(by: Actor, organisation: UUID) -> None:
    """Let the organisation itself, officers, finance and auditors read a paper.

    Raises
    ------
    UnableToReadEvidence
        When it is somebody else.
    """
    own = by.role is Role.APPLICANT and by.organisation == organisation
    if not own and by.role not in _READERS:
        raise UnableToReadEvidence(
            "NOT_YOURS",
            "只有本单位、经办、财政和审计可以查看材料",
            "only the organisation itself, officers, finance and auditors read a paper",
            field="evidence",
        )


def check_may_attach(by: Actor, organisation: UUID) -> None:
    """Let the organisation hand in its own papers, and an officer those that came on paper.

    Raises
    ------
    UnableToKeepEvidence
        When it is somebody else.
    """
    own = by.role is Role.APPLICANT and by.organisation == organisation
    if not own and by.role is not Role.OFFICER:
        raise UnableToKeepEvidence(
            "NOT_YOURS", "材料由本单位或经办提交", "the organisation itself or an officer hands papers in", field="role"
        )


def check_papers(missing: Iterable[Paper]) -> None:
    """Let a step be taken only with its papers; what the platform meters itself is no file.

    Raises
    ------
    UnableToKeepEvidence
        Naming the papers that are missing.
    """
    due = [paper for paper in missing if paper.formats != (Format.METERING,)]
    if due:
        raise UnableToKeepEvidence(
            "EVIDENCE_MISSING",
            f"缺少材料：{'、'.join(paper.label.zh for paper in due)}",
            f"papers are missing: {', '.join(paper.label.en for paper in due)}",
            field=due[0].id,
        )


def lost(digest: str) -> UnableToReadEvidence:
    """Say that a kept file is not there."""
    return UnableToReadEvidence(
        "EVIDENCE_LOST", f"材料文件{digest}不存在", f"the file {digest} is not there", field="evidence"
    )


def changed(digest: str, found: str) -> UnableToReadEvidence:
    """Say that a kept file is no longer what was handed in."""
    return UnableToReadEvidence(
        "EVIDENCE_CHANGED",
        f"材料文件{digest}已被改动（现为{found}）",
        f"the file {digest} was changed (it is {found} now)",
        field="evidence",
    )
