"""Checks on papers: the same contract or invoice twice, by its number, by its bytes, or nearly by its text or picture.

Similarity of texts is exact: the share of pieces of some characters that both have (Jaccard), in whole thousandths.
At a contract's size that is a set of a few thousand pieces, so a sketch that only estimates it would save nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from jiaozi.alert.rules.parameters import Parameters
from jiaozi.alert.rules.related import normalised
from jiaozi.alert.rules.suspicion import AlertKind, Level, Subject, Suspicion
from jiaozi.kernel.label import Label

VERSION = 1
TEXT_MAX = 50_000
"""Characters of a text that are compared; a contract of a hundred pages has about as many."""
NUMBER_LEAST = 4
"""A shorter number is one that many have."""
_FOUND_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFacts:
    """What is known of one paper.

    Attributes
    ----------
    reference
        The paper's own row, to be looked at.
    subject
        The dossier or claim that it proves; two papers of one subject are never copies of each other.
    kind
        What it is: only papers of one kind are compared by number and by likeness.
    number, seller
        As written; papers of two different sellers may have one number.
    image_bits
        A 256-bit fingerprint of a picture, made by the caller; None where there is none.
    """

    reference: str
    subject: Subject
    kind: str = ""
    number: str = ""
    seller: str = ""
    sha256: str = ""
    text: str = ""
    image_bits: int | None = None
    asked_by: str = ""


def copies(paper: PaperFacts, others: Iterable[PaperFacts], parameters: Parameters) -> tuple[Suspicion, ...]:
    """Suspect a paper that another dossier has handed in as well; the surest sign of each pair is given, once."""
    found: list[Suspicion] = []
    for other in others:
        if other.subject == paper.subject:
            continue
        suspicion = _same_file(paper, other) or _same_number(paper, other) or _similar(paper, other, parameters)
        if suspicion:
            found.append(suspicion)
        if len(found) == _FOUND_MAX:
            break
    return tuple(found)


def _same_file(paper: PaperFacts, other: PaperFacts) -> Suspicion | None:
    if not paper.sha256 or paper.sha256.lower() != other.sha256.lower():
        return None
    reason = Label(
        f"与{other.subject}的材料为同一文件（SHA-256 {paper.sha256[:12]}…）",
        f"the same file as in {other.subject} (SHA-256 {paper.sha256[:12]}…)",
    )
    return _found(AlertKind.SAME_FILE, Level.HIGH, paper, other, reason, figures={"sha256": paper.sha256.lower()})


def _same_number(paper: PaperFacts, other: PaperFacts) -> Suspicion | None:
    number = normalised(paper.number)
    sellers = {normalised(each.seller) for each in (paper, other)} - {""}
    if len(number) < NUMBER_LEAST or normalised(other.number) != number or len(sellers) > 1 or paper.kind != other.kind:
        return None
    reason = Label(
        f"编号{paper.number}与{other.subject}的{other.number}相同",
        f"the number {paper.number} is the one in {other.subject} ({other.number})",
    )
    return _found(AlertKind.SAME_NUMBER, Level.HIGH, paper, other, reason, figures={"number": number})


def _similar(paper: PaperFacts, other: PaperFacts, parameters: Parameters) -> Suspicion | None:
    if paper.kind != other.kind:
        return None
    limits = {
        "image_bits_most": parameters.image_bits_most,
        "shingle_characters": parameters.shingle_characters,
        "similar_least_permille": parameters.similar_least_permille,
    }
    common, either = overlap(paper.text, other.text, parameters.shingle_characters)
    if either and common * 1000 >= parameters.similar_least_permille * either:
        permille = common * 1000 // either
        least = f"{parameters.similar_least_permille}‰"
        reason = Label(
            f"文字与{other.subject}的材料相似度{permille}‰（达到{least}）",
            f"its text is {permille}‰ like a paper in {other.subject} (from {least} on it is asked)",
        )
        figures: dict[str, int | str] = {"common": common, "either": either, "permille": permille}
        return _found(AlertKind.SIMILAR_PAPER, Level.MEDIUM, paper, other, reason, figures=figures, thresholds=limits)
    if paper.image_bits is not None and other.image_bits is not None:
        apart = (paper.image_bits ^ other.image_bits).bit_count()
        if apart <= parameters.image_bits_most:
            reason = Label(
                f"图像与{other.subject}的材料几乎相同（指纹相差{apart}位，不超过{parameters.image_bits_most}位）",
                f"nearly the picture in {other.subject}: fingerprints differ in {apart} bits"
                f" ({parameters.image_bits_most} at most)",
            )
            return _found(
                AlertKind.SIMILAR_PAPER,
                Level.MEDIUM,
                paper,
                other,
                reason,
                figures={"bits_apart": apart},
                thresholds=limits,
            )
    return None


def overlap(one: str, other: str, characters: int) -> tuple[int, int]:
    """Give how many pieces two texts have in common, and how many in all; none where a text is shorter than a piece.

    >>> overlap("算力服务合同", "算力服务协议", 3)
    (2, 6)
    """
    a, b = _pieces(one[:TEXT_MAX], characters), _pieces(other[:TEXT_MAX], characters)
    if not a or not b:
        return 0, 0
    common = len(a & b)
    return common, len(a) + len(b) - common


@lru_cache(maxsize=256)
def _pieces(text: str, characters: int) -> frozenset[str]:
    plain = "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())
    return frozenset(plain[start : start + characters] for start in range(len(plain) - characters + 1))


def _found(
    kind: AlertKind,
    level: Level,
    paper: PaperFacts,
    other: PaperFacts,
    reason: Label,
    *,
    figures: dict[str, int | str],
    thresholds: dict[str, int] | None = None,
) -> Suspicion:
    return Suspicion(
        kind=kind,
        subject=paper.subject,
        level=level,
        reason=reason,
        figures=figures,
        thresholds=thresholds or {},
        evidence=(paper.reference, other.reference),
        rule="copies",
        version=VERSION,
        asked_by=paper.asked_by,
    )
