"""The independent check: what a centre charges for, against what the platform watched and what its own samples show."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from jiaozi.alert import queries as alerts
from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import (
    Claimed,
    Load,
    Mean,
    Parameters,
    Seen,
    Subject,
    SubjectKind,
    Suspicion,
    claim_differs,
    use_without_load,
)
from jiaozi.alert.services import SUSPICIONS_MAX
from jiaozi.catalogue.rules import ResourceKind
from jiaozi.metering import queries
from jiaozi.metering.queries.observing import Claim, DeviceDay
from jiaozi.metering.rules.samples import Metric, Span, seen_ms
from jiaozi.party.rules import SYSTEM, Actor


def observe(*, programme: str, captures: Collection[UUID], now: datetime, by: Actor = SYSTEM) -> tuple[Alert, ...]:
    """Compare the claims behind captures with what was seen of them, and raise what is new; nothing is refused here.

    What nobody watched or sampled suspects nobody.
    """
    parameters = alerts.parameters(programme)
    devices: dict[UUID, list[DeviceDay]] = {}
    for each in queries.devices_seen(captures):
        devices.setdefault(each.capture_id, []).append(each)
    claims = queries.claims(captures, apart_least_ms=parameters.differs_least_ms, sampled=devices)
    found = [each for claim in claims for each in _suspicions(claim, devices.get(claim.capture_id, ()), parameters)]
    parts = (found[start : start + SUSPICIONS_MAX] for start in range(0, len(found), SUSPICIONS_MAX))
    return tuple(row for part in parts for row in alert.raise_all(programme=programme, suspicions=part, by=by, now=now))


def _suspicions(claim: Claim, devices: Sequence[DeviceDay], parameters: Parameters) -> Iterator[Suspicion]:
    subject = Subject(SubjectKind.USAGE, str(claim.capture_id))
    reference = f"{claim.centre} {claim.record_id}"
    if claim.watched_unit_ms is not None:
        yield from claim_differs(
            Claimed(subject, claim.unit_ms, claim.watched_unit_ms, Seen.WATCH, reference), parameters
        )
    if not devices:
        return
    cards, power = (_mean(devices, metric) for metric in (Metric.GPU, Metric.POWER))
    counts_cards = claim.kind == ResourceKind.CARD and cards.number >= parameters.gpu_samples_least
    if counts_cards and claim.elapsed_ms >= parameters.load_least_ms:
        spans = [Span(each.count, each.first_slot, each.last_slot) for each in devices if each.metric == Metric.GPU]
        yield from claim_differs(Claimed(subject, claim.unit_ms, seen_ms(spans), Seen.SAMPLES, reference), parameters)
    load = Load(
        subject=subject,
        units=claim.units,
        elapsed_ms=claim.elapsed_ms,
        cards=cards,
        processors=_mean(devices, Metric.CPU),
        power=power,
        reference=reference,
    )
    yield from use_without_load(load, parameters)


def _mean(devices: Sequence[DeviceDay], metric: Metric) -> Mean:
    chosen = [each for each in devices if each.metric == metric]
    return Mean(sum(each.count for each in chosen), sum(each.sum_permille for each in chosen))
