"""A centre's claim against what the platform saw itself: a difference past a threshold is a question before payment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jiaozi.alert.rules.parameters import Parameters
from jiaozi.alert.rules.suspicion import AlertKind, Level, Subject, Suspicion
from jiaozi.kernel.label import Label

VERSION = 1


class Seen(StrEnum):
    """By what use was observed."""

    WATCH = "WATCH"
    SAMPLES = "SAMPLES"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    Seen.WATCH: Label("平台看守记录", "the platform's watch"),
    Seen.SAMPLES: Label("加速卡采样", "the cards' samples"),
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a centre charges for, and what was seen of it, in units by milliseconds; ``reference`` is the record."""

    subject: Subject
    claimed_unit_ms: int
    seen_unit_ms: int
    seen: Seen
    reference: str


def claim_differs(claim: Claimed, parameters: Parameters) -> tuple[Suspicion, ...]:
    """Suspect a claim that differs from what was seen, by more than the share and more than the least, either way."""
    claimed, seen = claim.claimed_unit_ms, claim.seen_unit_ms
    apart, whole = abs(claimed - seen), max(claimed, seen)
    if apart <= parameters.differs_least_ms or apart * 1000 <= parameters.differs_permille * whole:
        return ()
    permille = apart * 1000 // whole
    said, found, most = _minutes(claimed), _minutes(seen), parameters.differs_permille
    return (
        Suspicion(
            kind=AlertKind.CLAIM_DIFFERS,
            subject=claim.subject,
            level=Level.HIGH if claimed > seen else Level.MEDIUM,
            reason=Label(
                f"{claim.reference}：中心申报{said}单位分钟，{claim.seen.label.zh}为{found}单位分钟，相差{permille}‰（允许{most}‰）",
                f"{claim.reference}: the centre claims {said} unit-minutes, {claim.seen.label.en} say {found}, "
                f"{permille}‰ apart ({most}‰ allowed)",
            ),
            figures={"claimed_unit_ms": claimed, "seen": claim.seen.value, "seen_unit_ms": seen},
            thresholds={"differs_least_ms": parameters.differs_least_ms, "differs_permille": most},
            evidence=(claim.reference,),
            rule="claim_differs",
            version=VERSION,
        ),
    )


def _minutes(unit_ms: int) -> int:
    return unit_ms // 60_000
