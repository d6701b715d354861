"""Importing a trace: usage that had no hold is posted at once, chunk by chunk, each chunk whole or not at all.

A chunk is one transaction with one journal line, which carries the digest of its captures; a crash between two heals
by importing the file again, because what is there already is the same again. Here the ledger is not called last: rows
that never change afterwards are written knowing its answer, by COPY, a few tens of milliseconds before the commit.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries as books
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import BATCH_MAX, PAYABLE_SHARDS
from jiaozi.metering import queries
from jiaozi.metering.models import UsageDispute
from jiaozi.metering.rules import admitting, importing
from jiaozi.metering.rules.importing import Decided, PriceList
from jiaozi.metering.rules.swf import BadLine, Job, read
from jiaozi.metering.services.copying import SOURCE, Destination, write_rows
from jiaozi.metering.services.files import trace_lines
from jiaozi.metering.services.payers import Payers
from jiaozi.metering.services.receiving import one_at_a_time
from jiaozi.order.rules import payable_accounts
from jiaozi.party.rules import Actor

_LINES_A_RECORD = 2


@dataclass(slots=True)
class Imported:
    """What an import did: jobs by fate, what was captured of them, and the lines that were no jobs."""

    jobs: int = 0
    captured: int = 0
    held_back: Counter[str] = field(default_factory=Counter)
    same: int = 0
    disputes: int = 0
    core_s: int = 0
    voucher_fen: int = 0
    own_fen: int = 0
    bad: list[BadLine] = field(default_factory=list)

    @property
    def price_fen(self) -> int:
        """What was captured in all."""
        return self.voucher_fen + self.own_fen


class Words(TypedDict):
    """What ``import_jobs`` is told besides the jobs, who and when."""

    centre: str
    programme: str
    accounts: Mapping[str, UUID] | None
    resource_class: NotRequired[str]
    trace: NotRequired[str]
    skip_bad: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Import:
    """What every chunk of one import needs."""

    centre: str
    programme: str
    resource_class: str
    prefix: str
    payers: Payers
    prices: PriceList
    by: Actor
    now: datetime

    @property
    def destination(self) -> Destination:
        """What the rows of this import have in common."""
        return Destination(self.centre, self.programme, self.resource_class, self.now)


def import_swf(*, path: Path, by: Actor, now: datetime, **words: Unpack[Words]) -> Imported:
    """Import a trace's file, plain or compressed by gzip; see ``import_jobs``.

    Raises
    ------
    UnableToImport
        When the file is missing, too large or broken as well.
    """
    return import_jobs(lines=trace_lines(path), by=by, now=now, **words)


def import_jobs(
    *,
    lines: Iterable[str],
    centre: str,
    programme: str,
    accounts: Mapping[str, UUID] | None,
    by: Actor,
    now: datetime,
    resource_class: str = "cpu-core",
    trace: str = "",
    skip_bad: bool = False,
) -> Imported:
    """Import a trace in the Standard Workload Format as a centre's metered usage, and charge it to vouchers.

    A job that voucher and own balance don't cover in full is held back with its reason, and so is whatever has no
    account, no price or no sense; everything else is captured. The same file again captures nothing again.

    Parameters
    ----------
    accounts
        Voucher by SWF user; None deals the users over the programme's active vouchers, for demonstrations.
    trace
        Name of the numbering, where a centre's traces number their jobs anew; the same job keeps the same name.
    skip_bad
        Whether to import what is right although some lines are no jobs; they are in the answer.

    Raises
    ------
    UnableToImport
        When the actor may not, the names are wrong, or a line is no job: nothing is stored then.
    """
    admitting.check_import(by, centre, trace)
    catalogue.centre(centre)
    admitting.check_names(programme=programme, resource_class=resource_class, accounts=accounts or {})
    jobs, bad = read(lines)
    if bad and not skip_bad:
        raise admitting.UnableToReadTrace(bad)
    payers = Payers.load(programme, centre, accounts, {job.user for job in jobs}, now)
    prefix = f"{SOURCE}:{trace}:" if trace else f"{SOURCE}:"
    this = prepared(centre, programme, resource_class, payers, by, now, prefix=prefix)
    imported = Imported(jobs=len(jobs), bad=bad)
    with _uncollected():
        for chunk in _chunks(jobs, BATCH_MAX // (_LINES_A_RECORD + payers.caps_most)):
            with transaction.atomic():
                _import_chunk(this, chunk, imported)
    return imported


def prepared(  # noqa: PLR0917 - what every chunk has in common
    centre: str, programme: str, resource_class: str, payers: Payers, by: Actor, now: datetime, *, prefix: str = ""
) -> Import:
    """Look up the centre's prices and open its accounts, once for all chunks."""
    prices = PriceList(catalogue.tariffs(centres=[centre]), centre=centre, resource_class=resource_class)
    ledger.open_accounts(payable_accounts(programme, centre))
    return Import(centre, programme, resource_class, prefix, payers, prices, by, now)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the cycle collector: tens of thousands of rows live to the end of their chunk, and none is in a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _chunks(jobs: Sequence[Job], size: int) -> Iterator[Sequence[Job]]:
    for start in range(0, len(jobs), size):
        yield jobs[start : start + size]


def _name(prefix: str, job: Job) -> str:
    """Name a record: by its job; a part of a checkpointed job by its start as well."""
    return f"{prefix}{job.number}@{job.started_s}" if job.part else f"{prefix}{job.number}"


def _import_chunk(this: Import, chunk: Sequence[Job], imported: Imported) -> None:
    """Import one chunk; what it adds to the answer is only true once its transaction has committed."""
    one_at_a_time(this.centre)
    fresh = _fresh(this, chunk, imported)
    if not fresh:
        return
    payers = this.payers.at_work()
    left_fen = {id_: balance.spendable for id_, balance in books.balances(this.payers.accounts()).items()}
    decided = importing.decide(fresh.values(), payers, this.prices, left_fen)
    rows = post_decided(this, [(new_id(), each) for each in decided])
    batch = new_id()
    write_rows(this.destination, fresh, rows, batch)
    tell(this, batch, rows, imported)


def _fresh(this: Import, chunk: Sequence[Job], imported: Imported) -> dict[str, Job]:
    """Give the chunk's records that are new, by name; count the others and keep disputes."""
    named = [(_name(this.prefix, job), job) for job in chunk]
    known = queries.payloads(this.centre, [name for name, _ in named])
    fresh: dict[str, Job] = {}
    disputed: dict[tuple[str, bytes], Job] = {}
    for name, job in named:
        first = known.setdefault(name, job.digest)
        if first is job.digest:
            fresh[name] = job
        elif first == job.digest:
            imported.same += 1
        else:
            disputed[name, job.digest] = job
    if disputed:
        imported.disputes += _keep_disputes(this, disputed)
    return fresh


def _keep_disputes(this: Import, disputed: Mapping[tuple[str, bytes], Job]) -> int:
    """Keep what comes under a known name with other figures; gives how many were not kept before."""
    before = queries.dispute_digests(this.centre, [name for name, _ in disputed])
    rows = [
        UsageDispute(
            id=new_id(),
            centre_id=this.centre,
            record_id=name,
            payload_digest=content,
            payload={
                "account": job.user,
                "elapsed_ms": job.elapsed_s * 1000,
                "outcome": job.outcome.value,
                "started_s": job.started_s,
                "units": job.units,
            },
            received_at=this.now,
        )
        for (name, content), job in disputed.items()
        if (name, content) not in before
    ]
    UsageDispute.objects.bulk_create(rows, batch_size=1_000)
    if rows:
        body = {"disputes": len(rows), "records": digest([row.payload_digest.hex() for row in rows]).hex()}
        line = Line("metering", "dispute", new_id(), "", "", this.by.name, this.now, {**body, "centre": this.centre})
        journal.write(line)
    return len(rows)


def post_decided(this: Import, decided: Sequence[tuple[UUID, Decided]]) -> list[tuple[UUID, Decided]]:
    """Ask the ledger for every record that is to be captured; what it refuses is held back with the reason."""
    shards = payable_accounts(this.programme, this.centre)
    rows = list(decided)
    places, chains = [], []
    for place, (id_, each) in enumerate(rows):
        if each.price_fen:
            places.append(place)
            chains.append(importing.post_lines(this.programme, id_, each, shards[id_.int % PAYABLE_SHARDS]))
    answers = ledger.apply(chains, at=this.now) if chains else []
    for place, chain, statuses in zip(places, chains, answers, strict=True):
        if not all(status.stands for status in statuses):
            id_, each = rows[place]
            reason = importing.refusal(each, chain, statuses)
            rows[place] = (id_, each._replace(reason=reason, tariff=None, charge_ufen=0, voucher_fen=0, own_fen=0))
    return rows


def tell(this: Import, batch: UUID, rows: Sequence[tuple[UUID, Decided]], imported: Imported) -> None:
    """Write the chunk's journal line and add it to the answer."""
    captured = [(id_, each) for id_, each in rows if each.reason is None]
    voucher_fen = sum(each.voucher_fen for _, each in captured)
    own_fen = sum(each.own_fen for _, each in captured)
    listed = "".join(f"{id_} {each.voucher_fen} {each.own_fen}\n" for id_, each in captured)
    body = {
        "captured": len(captured),
        "captures": sha256(listed.encode()).hexdigest(),
        "centre": this.centre,
        "held_back": len(rows) - len(captured),
        "own_fen": own_fen,
        "programme": this.programme,
        "records": sha256(b"".join(each.job.digest for _, each in rows)).hexdigest(),
        "source": SOURCE,
        "voucher_fen": voucher_fen,
    }
    journal.write(Line("metering", "import", batch, "", "", this.by.name, this.now, body))
    imported.captured += len(captured)
    imported.held_back.update(each.reason.code for _, each in rows if each.reason is not None)
    imported.core_s += sum(each.job.units * each.job.elapsed_s for _, each in captured)
    imported.voucher_fen += voucher_fen
    imported.own_fen += own_fen
