"""Posting one chunk of an import: what is new is decided, charged and written; one transaction, one journal line.

The ledger is not called last here: rows that never change afterwards are written knowing its answer, by COPY, a few
tens of milliseconds before the commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from jiaozi.catalogue import queries as catalogue
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries as books
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import PAYABLE_SHARDS
from jiaozi.metering import queries
from jiaozi.metering.models import UsageDispute
from jiaozi.metering.rules import importing
from jiaozi.metering.rules.entry import EPOCH, MS, BadLine, Entry, payload_of_entry
from jiaozi.metering.rules.importing import Decided, PriceList
from jiaozi.metering.services.copying import Destination, write_rows
from jiaozi.metering.services.payers import Payers
from jiaozi.metering.services.receiving import Received, one_at_a_time
from jiaozi.order.rules import payable_accounts
from jiaozi.party.rules import Actor
from jiaozi.voucher import services as voucher


@dataclass(slots=True)
class Imported:
    """What an import did: jobs by fate, what was captured of them, and the lines that were no jobs.

    ``orders`` is what became of the records that named orders, ``passed`` counts what is no finished use, by kind.
    """

    jobs: int = 0
    captured: int = 0
    held_back: Counter[str] = field(default_factory=Counter)
    same: int = 0
    disputes: int = 0
    unit_ms: int = 0
    voucher_fen: int = 0
    own_fen: int = 0
    bad: list[BadLine] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    orders: Received = field(default_factory=Received)
    orders_captured: int = 0

    @property
    def core_s(self) -> int:
        """What was captured, in whole seconds of one unit."""
        return self.unit_ms // 1000

    @property
    def price_fen(self) -> int:
        """What was captured in all."""
        return self.voucher_fen + self.own_fen


@dataclass(frozen=True, slots=True)
class Import:
    """What every chunk of one import needs."""

    centre: str
    programme: str
    source: str
    payers: Payers
    prices: PriceList
    by: Actor
    now: datetime

    @property
    def destination(self) -> Destination:
        """What the rows of this import have in common."""
        return Destination(self.centre, self.programme, self.source, self.now)


def prepared(
    centre: str,
    programme: str,
    payers: Payers,
    by: Actor,
    now: datetime,
    *,
    source: str,
    jobs: Sequence[Entry],
) -> Import:
    """Look up the centre's prices at the times of the jobs and open its accounts, once for all chunks."""
    prices = _prices(centre, jobs)
    if payers.by_account:
        ledger.open_accounts(payable_accounts(programme, centre))
    return Import(centre, programme, source, payers, prices, by, now)


def _prices(centre: str, jobs: Sequence[Entry]) -> PriceList:
    """Give the prices that held when jobs that can be charged started; where there is none, none are looked up."""
    starts = [job.started_ms for job in jobs if job.wrong is None]
    if not starts:
        return PriceList((), centre=centre)
    first, last = EPOCH + min(starts) * MS, EPOCH + max(starts) * MS
    return PriceList(catalogue.tariffs_during(first, last, centre=centre), centre=centre)


def post_chunk(this: Import, chunk: Sequence[Entry], imported: Imported) -> None:
    """Post one chunk; what it adds to the answer is only true once its transaction has committed."""
    one_at_a_time(this.centre)
    fresh = _fresh(this, chunk, imported)
    if not fresh:
        return
    payers = this.payers.at_work(fresh)
    left_fen = {id_: balance.spendable for id_, balance in books.balances(this.payers.accounts()).items()}
    decided = importing.decide(fresh, payers, this.prices, left_fen)
    rows = post_decided(this, [(new_id(), each) for each in decided])
    batch = new_id()
    write_rows(this.destination, rows, batch)
    tell(this, batch, rows, imported)


def _fresh(this: Import, chunk: Sequence[Entry], imported: Imported) -> list[Entry]:
    """Give the chunk's records that are new; count the others and keep disputes."""
    known = queries.payloads(this.centre, [entry.name for entry in chunk])
    fresh: list[Entry] = []
    disputed: dict[tuple[str, bytes], Entry] = {}
    for entry in chunk:
        first = known.setdefault(entry.name, entry.digest)
        if first is entry.digest:
            fresh.append(entry)
        elif first == entry.digest:
            imported.same += 1
        else:
            disputed[entry.name, entry.digest] = entry
    if disputed:
        imported.disputes += _keep_disputes(this, disputed)
    return fresh


def _keep_disputes(this: Import, disputed: Mapping[tuple[str, bytes], Entry]) -> int:
    """Keep what comes under a known name with other figures; gives how many were not kept before."""
    before = queries.dispute_digests(this.centre, [name for name, _ in disputed])
    rows = [
        UsageDispute(
            id=new_id(),
            centre_id=this.centre,
            record_id=name,
            payload_digest=content,
            payload=payload_of_entry(entry) | {"source": this.source},
            received_at=this.now,
        )
        for (name, content), entry in disputed.items()
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
    caps = {use.key: use for place in places for use in rows[place][1].caps}
    answers = voucher.apply_under_caps(programme=this.programme, caps=caps.values(), chains=chains, now=this.now)
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
        "source": this.source,
        "voucher_fen": voucher_fen,
    }
    journal.write(Line("metering", "import", batch, "", "", this.by.name, this.now, body))
    imported.captured += len(captured)
    imported.held_back.update(each.reason.code for _, each in rows if each.reason is not None)
    imported.unit_ms += sum(each.job.units * each.job.elapsed_ms for _, each in captured)
    imported.voucher_fen += voucher_fen
    imported.own_fen += own_fen
