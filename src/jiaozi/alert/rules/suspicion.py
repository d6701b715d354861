"""A suspicion: what may be wrong with which thing, why, with the figures. A question to an officer, no verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from jiaozi.kernel.canonical import digest
from jiaozi.kernel.label import Label

SUBJECT_MAX = 120
REASON_MAX = 3_000
EVIDENCE_MAX = 50


class AlertKind(StrEnum):
    """What is suspected."""

    RELATED_SUPPLIER = "RELATED_SUPPLIER"
    BOTH_ENDS = "BOTH_ENDS"
    SAME_NUMBER = "SAME_NUMBER"
    SAME_FILE = "SAME_FILE"
    SIMILAR_PAPER = "SIMILAR_PAPER"
    SPLIT_UNDER_CAP = "SPLIT_UNDER_CAP"
    JUST_BELOW = "JUST_BELOW"
    STACKED = "STACKED"
    RESALE = "RESALE"
    FOREIGN_ACCOUNT = "FOREIGN_ACCOUNT"
    HIDDEN_END_USER = "HIDDEN_END_USER"
    USE_WITHOUT_LOAD = "USE_WITHOUT_LOAD"
    CLAIM_DIFFERS = "CLAIM_DIFFERS"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    AlertKind.RELATED_SUPPLIER: Label("向关联方采购", "bought from a related supplier"),
    AlertKind.BOTH_ENDS: Label("双方重复申领", "both ends claim"),
    AlertKind.SAME_NUMBER: Label("合同或发票编号重复", "same contract or invoice number"),
    AlertKind.SAME_FILE: Label("材料文件相同", "same file"),
    AlertKind.SIMILAR_PAPER: Label("材料高度相似", "nearly the same paper"),
    AlertKind.SPLIT_UNDER_CAP: Label("拆分规避上限", "split to stay under a cap"),
    AlertKind.JUST_BELOW: Label("贴近门槛", "just below a threshold"),
    AlertKind.STACKED: Label("多条款重复享受", "stacked over clauses"),
    AlertKind.RESALE: Label("疑似转售", "resale"),
    AlertKind.FOREIGN_ACCOUNT: Label("他人账户用券", "spent by another's account"),
    AlertKind.HIDDEN_END_USER: Label("未披露最终用户", "end user not named"),
    AlertKind.USE_WITHOUT_LOAD: Label("占用无负载", "use without load"),
    AlertKind.CLAIM_DIFFERS: Label("申报与观测不符", "claim differs from what was seen"),
}


class SubjectKind(StrEnum):
    """What a suspicion may be about; use is named by its capture, a centre by its code, all else by its id."""

    APPLICATION = "APPLICATION"
    VOUCHER = "VOUCHER"
    ORDER = "ORDER"
    USAGE = "USAGE"
    STATEMENT = "STATEMENT"
    HOLDER = "HOLDER"
    CENTRE = "CENTRE"

    @property
    def lasts(self) -> bool:
        """Whether it is a participant, which goes on after one affair of its is settled."""
        return self in {SubjectKind.HOLDER, SubjectKind.CENTRE}


class Level(StrEnum):
    """How soon somebody should look; every level must be resolved before money moves."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One thing by kind and id; the alert stage doesn't know what stands behind it."""

    kind: SubjectKind
    id: str

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= SUBJECT_MAX:
            raise ValueError(f"a subject's id has 1 to {SUBJECT_MAX} characters, not {len(self.id)}")

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a check found.

    Attributes
    ----------
    figures
        The numbers and ids that the reason rests on, integers and text; with ``subject`` they make it once-only.
    thresholds
        The parameters that it was measured against; setting them anew doesn't raise what was resolved again.
    evidence
        What to look at: other subjects, papers, records.
    rule, version
        Which check with which wording and parameters of its own found it.
    asked_by
        Who asked for what the suspicion is about; that person can't resolve it.
    """

    kind: AlertKind
    subject: Subject
    level: Level
    reason: Label
    figures: Mapping[str, int | str] = field(default_factory=dict)
    thresholds: Mapping[str, int] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    rule: str = ""
    version: int = 1
    asked_by: str = ""

    def digest(self, programme: str) -> bytes:
        """Give the 32 bytes that the same finding always has: raised again, it is the same alert."""
        return digest(
            {
                "evidence": sorted(self.evidence),
                "figures": dict(self.figures),
                "kind": self.kind.value,
                "programme": programme,
                "rule": self.rule,
                "subject": [self.subject.kind.value, self.subject.id],
                "version": self.version,
            }
        )
