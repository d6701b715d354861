"""The centre's end of leases: letters are kept, jobs admitted against them on the spot, leases given back.

A job is admitted in one transaction of the agent's memory: counted against its lease, kept to be run, and put after
whatever else there is to tell. So a crash leaves all three or none, and two who submit at once take turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jiaozi.engines.agent import wire
from jiaozi.engines.agent.link import Line
from jiaozi.engines.agent.spool import Page, Spool
from jiaozi.kernel.canonical import digest
from jiaozi.lease.rules import Letter, Spent, UnableToAdmit, UnableToBelieve, admit, lease_of, open_letter, open_wish
from jiaozi.order.rules import Quote

_LATEST = "latest_at"


def take_letter(page: Page, text: str, key: Ed25519PublicKey, centre: str) -> None:
    """Keep a letter of the platform; an older one, one for another memory or for a lease given back has no effect."""
    try:
        letter = open_letter(text, key)
    except UnableToBelieve:
        return
    if letter.centre != centre or letter.memory != page.get("memory"):
        return
    known = page.lease(letter.lease)
    if known is None:
        page.keep_lease(letter.lease, {"letter": text, "serial": letter.serial, **_NOTHING})
    elif known["serial"] < letter.serial and not known["over"]:
        page.keep_lease(letter.lease, {**known, "letter": text, "serial": letter.serial})


_NOTHING = {"voucher_fen": 0, "own_fen": 0, "jobs": 0, "over": False}


def give_back(page: Page, lease_id: UUID) -> None:
    """Admit nothing more under a lease, and say so after all that was admitted; one that is unknown here can't be."""
    known = page.lease(lease_id)
    if known is not None and not known["over"]:
        page.keep_lease(lease_id, {**known, "over": True})
        page.say({"tell": "given_back", "lease": str(lease_id), "jobs": known["jobs"]})


def give_back_ended(line: Line, spool: Spool, now: datetime) -> None:
    """Give back every lease that has ended by this centre's clock."""
    with spool.change() as page:
        moment = _moment(page, now)
        for lease_id, known in page.leases().items():
            if not known["over"] and moment >= open_letter(known["letter"], line.other_key).ends_at:
                give_back(page, lease_id)


def tell_memory(page: Page) -> None:
    """Name this memory to the platform, which writes leases for it alone."""
    page.say({"tell": "memory", "memory": page.get("memory")})
    page.set("memory_told", page.get("memory"))


def tell_again(page: Page) -> None:
    """Say again all that was admitted and given back: the platform's end lost its memory, and takes each once."""
    tell_memory(page)
    for text in page.admissions():
        page.say(text)
    for lease_id, known in page.leases().items():
        if known["over"]:
            page.say({"tell": "given_back", "lease": str(lease_id), "jobs": known["jobs"]})


def admit_job(line: Line, spool: Spool, wish_text: str, now: datetime) -> tuple[UUID, Quote]:
    """Admit a job that its holder signed, if its lease covers it; gives the order's id and the most that it can cost.

    The same wish again is the same job, and is counted once.

    Raises
    ------
    UnableToBelieve
        When the holder did not sign it.
    UnableToAdmit, UnableToQuote, UnableToPrice, UnableToSubmit
        With the field and what would be right; nothing is counted then.
    """
    with spool.change() as page:
        lease_id = lease_of(wish_text)
        known = page.lease(lease_id)
        if known is None:
            raise UnableToAdmit(
                "LEASE_UNKNOWN", f"本中心没有额度{lease_id}", f"there is no lease {lease_id} here", field="lease"
            )
        letter = open_letter(known["letter"], line.other_key)
        wish = open_wish(wish_text, letter.holder_key)
        before = page.job(wish.order)
        if before is not None:
            return wish.order, _again(before, wish_text)
        if known["over"]:
            raise UnableToAdmit("LEASE_OVER", "额度已归还", "the lease was given back", field="lease")
        moment = _moment(page, now)
        spent = Spent(known["voucher_fen"], known["own_fen"])
        priced, price = admit(letter, wish, spent, moment)
        _count(page, letter, known, priced)
        spec = wire.write_spec(wish.job(price, letter.voucher))
        told = {
            "tell": "admitted",
            "lease": str(lease_id),
            "serial": letter.serial,
            "order": str(wish.order),
            "wish": wish_text,
            "at": moment.isoformat(),
            "spec": {**spec, "files": {}},
        }
        body = {"stand": "asked", "spec": spec, "wish": digest(wish_text).hex(), "priced": _money(priced)}
        page.keep_job(wish.order, body, live=True)
        page.keep_admission(wish.order, told)
        page.say(told)
    return wish.order, priced


def _again(known: Mapping[str, Any], wish_text: str) -> Quote:
    if known.get("wish") != digest(wish_text).hex():
        raise UnableToAdmit(
            "ORDER_ID_TAKEN",
            "申请的序号（nonce）已用于另一作业，请重新签署申请",
            "the wish's nonce already stands for another job; sign a new wish",
            field="nonce",
        )
    return Quote(**known["priced"])


def _money(priced: Quote) -> dict[str, int]:
    return {"most_fen": priced.most_fen, "voucher_fen": priced.voucher_fen, "own_fen": priced.own_fen}


def _count(page: Page, letter: Letter, known: Mapping[str, Any], priced: Quote) -> None:
    after = Spent(known["voucher_fen"], known["own_fen"]) + priced
    counted = {"voucher_fen": after.voucher_fen, "own_fen": after.own_fen, "jobs": known["jobs"] + 1}
    page.keep_lease(letter.lease, {**known, **counted})


def _moment(page: Page, now: datetime) -> datetime:
    """Give the latest instant that was ever seen here: a clock that is set back prolongs no lease."""
    latest = page.get(_LATEST)
    moment = max(now, datetime.fromisoformat(latest)) if latest else now
    page.set(_LATEST, moment.isoformat())
    return moment


def standing(line: Line, spool: Spool) -> list[tuple[Letter, Spent, bool]]:
    """Give every lease here, what its jobs may cost, and whether it was given back."""
    with spool.change() as page:
        rows = page.leases().values()
    return [
        (open_letter(each["letter"], line.other_key), Spent(each["voucher_fen"], each["own_fen"]), each["over"])
        for each in rows
    ]
