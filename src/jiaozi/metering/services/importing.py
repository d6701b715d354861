"""Importing a file: entries of any format go the order's way or the voucher's way, by the same code.

What names an order is received like an engine's record, and the order's hold pays. What names an account is posted at
once, chunk by chunk, each chunk whole or not at all; a crash between two heals by importing the file again: what is
there already is the same again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.ledger.rules import BATCH_MAX
from jiaozi.metering import queries
from jiaozi.metering.rules import admitting
from jiaozi.metering.rules.entry import FROM_FILE, Contents, Entry, Form, parted, record_of_entry
from jiaozi.metering.rules.swf import read as read_swf
from jiaozi.metering.services.capturing import capture
from jiaozi.metering.services.files import Reading, contents_of
from jiaozi.metering.services.payers import Payers
from jiaozi.metering.services.posting import Import, Imported, post_chunk, prepared
from jiaozi.metering.services.receiving import RECORDS_MAX, receive
from jiaozi.order.rules import State
from jiaozi.party.rules import Actor

_LINES_A_RECORD = 2


class Words(TypedDict):
    """What every import is told besides its entries, who and when."""

    centre: str
    programme: str
    accounts: Mapping[str, UUID] | None
    skip_bad: NotRequired[bool]


def import_swf(
    *,
    path: Path,
    by: Actor,
    now: datetime,
    trace: str = "",
    resource_class: str = "cpu-core",
    **words: Unpack[Words],
) -> Imported:
    """Import a trace's file in the Standard Workload Format; see ``import_file``."""
    reading = Reading(trace=trace, resource_class=resource_class)
    return import_file(path=path, form=Form.SWF, reading=reading, by=by, now=now, **words)


def import_jobs(
    *,
    lines: Iterable[str],
    by: Actor,
    now: datetime,
    trace: str = "",
    resource_class: str = "cpu-core",
    **words: Unpack[Words],
) -> Imported:
    """Import the lines of a trace in the Standard Workload Format; see ``import_file``."""
    _check(trace, resource_class, by, words)
    return _import(read_swf(lines, trace=trace, resource_class=resource_class), Form.SWF, by, now, **words)


def import_file(
    *, path: Path, form: Form, reading: Reading, by: Actor, now: datetime, **words: Unpack[Words]
) -> Imported:  # fmt: skip
    """Import a file of a centre's metered usage: orders by their holds, all else to vouchers by its account.

    A job that voucher and own balance don't cover in full is held back with its reason, and so is whatever has no
    account, no price or no sense; everything else is captured. The same file again captures nothing again.

    Parameters
    ----------
    programme
        Whose vouchers pay; may be empty where every record names an order.
    accounts
        Voucher by account, as the operator named them; None deals the accounts over the programme's active vouchers,
        for demonstrations. A centre names none: what it imports beside orders is held back.
    skip_bad
        Whether to import what is right although some lines are no jobs; they are in the answer.

    Raises
    ------
    UnableToImport
        When the actor may not, the names are wrong, the file is missing, broken or too large, or a line is no job:
        nothing is stored then.
    """
    _check(reading.trace, reading.resource_class, by, words)
    kinds = {row.code: row.kind for row in catalogue.resource_classes()}
    return _import(contents_of(path, form, reading, kinds), form, by, now, **words)


def _check(trace: str, resource_class: str, by: Actor, words: Words) -> None:
    admitting.check_import(by, words["centre"], trace)
    admitting.check_names(programme=words["programme"], resource_class=resource_class, accounts=words["accounts"])


def _import(contents: Contents, form: Form, by: Actor, now: datetime, **words: Unpack[Words]) -> Imported:
    centre, programme = words["centre"], words["programme"]
    accounts = admitting.payers_named(by, programme, words["accounts"])
    catalogue.centre(centre)
    if contents.bad and not words.get("skip_bad", False):
        raise admitting.UnableToReadTrace(contents.bad)
    by_order, by_voucher = parted(contents.entries)
    payers = Payers.load(programme, centre, accounts, {entry.account for entry in by_voucher}, now)
    this = prepared(centre, programme, payers, by, now, source=form, jobs=by_voucher)
    imported = Imported(jobs=len(contents.entries), bad=contents.bad, passed=contents.passed)
    _receive(this, by_order, imported)
    with _uncollected():
        for chunk in _chunks(by_voucher, BATCH_MAX // (_LINES_A_RECORD + payers.caps_most)):
            with transaction.atomic():
                post_chunk(this, chunk, imported)
    return imported


def _receive(this: Import, entries: Sequence[Entry], imported: Imported) -> None:
    """Take in what names an order, and capture the orders that have ended and whose usage is complete with it."""
    for chunk in _chunks(entries, RECORDS_MAX):
        records = [record_of_entry(entry) for entry in chunk]
        imported.orders += receive(centre=this.centre, records=records, source=FROM_FILE, now=this.now)
    for order_id in queries.ended_among(this.centre, {entry.order_id for entry in entries if entry.order_id}):
        imported.orders_captured += capture(order_id=order_id, now=this.now).state == State.CAPTURED


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


def _chunks(jobs: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(jobs), size):
        yield jobs[start : start + size]
