"""A city of full size to read from: a small year made through the verbs, its lives copied row by row with fresh ids.

A life is a voucher with all that names it: its application and decision, ledger accounts, transfers, orders, usage,
captures and journal lines. A copy is the life's own rows as PostgreSQL writes them, each id exchanged for a fresh one
(an account's id follows from its name), so that what the pages read is what the verbs wrote. Accounts that lives share
(the year's budget, a centre's payable) are not grown: reading them costs the same at any size.

Two things are as in a city and not as in the small year. Jobs in flight are bounded by what centres have: of the lives
with one, one is made in 250 copies, so that some hundreds are in flight among all vouchers. And a statement is
of one centre and period: every thousand copies have statements of their own, paid as the small year's are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import connections

from jiaozi.kernel.ids import new_id
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.order.models import Order
from jiaozi.order.rules import UNFINISHED
from jiaozi.settlement.models import StatementLine
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.rules import voucher_account

TABLES = (
    "party_organisation",
    "application",
    "application_decision",
    "voucher",
    "ledger_account",
    "compute_order",
    "metering_usage",
    "metering_capture",
    "settlement_line",
    "ledger_transfer",
    "journal_line",
)
CHUNK = 1_000
IN_FLIGHT_EVERY = 250
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_USCC = re.compile(r"9151[0-9]{4}[0-9A-HJ-NP-RTUW-Y]{10}")


@dataclass(frozen=True, slots=True)
class Life:
    """A voucher's rows as COPY writes them, by table, and the ids that every copy must have of its own."""

    voucher: str
    holder: str
    rows: dict[str, list[str]]
    ids: tuple[str, ...]


def lives() -> list[Life]:
    """Read the life of every voucher that there is."""
    rows = {table: _rows(table) for table in TABLES}
    return [_life(row, rows) for row in Voucher.objects.order_by("id")]


def _rows(table: str) -> list[str]:
    with connections["owner"].cursor() as cursor, cursor.cursor.copy(f"COPY {_named(table)} TO STDOUT") as copy:
        return b"".join(map(bytes, copy)).decode().splitlines()


def _life(row: Voucher, rows: dict[str, list[str]]) -> Life:
    """Gather what names the voucher, and what names that; shared ids (holder, version, centre) lead nowhere."""
    known = {str(row.id), str(row.application_id), str(voucher_account(row.programme, row.id).id)}
    found: dict[str, list[str]] = {}
    for _ in range(3):
        for table in TABLES[1:]:
            found[table] = [each for each in rows[table] if known & set(_UUID.findall(each))]
            if table not in {"journal_line", "settlement_line"}:
                known |= {each.split("\t", 1)[0] for each in found[table]}
            if table == "ledger_transfer":
                known |= {each.split("\t", 2)[1] for each in found[table]}
    known |= {each.split("\t", 1)[0] for each in found["journal_line"]}
    holder = str(row.holder_id)
    found["party_organisation"] = [each for each in rows["party_organisation"] if each.startswith(holder)]
    return Life(str(row.id), holder, found, tuple(known))


def grow(*, vouchers: int, holders: int) -> Iterator[int]:
    """Copy the lives in turn until so many vouchers were added, by so many new holders; give how many stand by now."""
    known = lives()
    busy = {str(id_) for id_ in Order.objects.filter(state__in=UNFINISHED).values_list("voucher_id", flat=True)}
    kinds = [[each for each in known if (each.voucher in busy) is flag] for flag in (False, True)]
    homes = [str(new_id()) for _ in range(holders)]
    with connections["owner"].cursor() as cursor:
        # copies keep every reference right by themselves; a check a row would only make the filling slow
        cursor.execute("SET session_replication_role = replica")
    for start in range(0, vouchers, CHUNK):
        lines: dict[str, list[str]] = {table: [] for table in TABLES}
        for number in range(start, min(start + CHUNK, vouchers)):
            in_flight = number % IN_FLIGHT_EVERY == 0
            turn = number // IN_FLIGHT_EVERY if in_flight else number
            _copy(kinds[in_flight][turn % len(kinds[in_flight])], homes, number, lines)
        paid = _of_their_own(lines["settlement_line"])
        for table in TABLES:
            _write(table, lines[table])
        _pay(paid, start // CHUNK + 1)
        yield min(start + CHUNK, vouchers)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


def _of_their_own(lines: list[str]) -> dict[str, str]:
    """Put copied lines on new statements, and give the new ones by the old."""
    new: dict[str, str] = {}
    for place, line in enumerate(lines):
        old, rest = line.split("\t", 1)
        lines[place] = f"{new.setdefault(old, str(new_id()))}\t{rest}"
    return new


def _pay(statements: dict[str, str], number: int) -> None:
    """Write the statements that copied lines stand on, each as the one that the verbs paid, with its own lines' sum."""
    with connections["owner"].cursor() as cursor:
        for old, new in statements.items():
            cursor.execute(_STATEMENT, {"old": old, "new": new, "number": number})
            cursor.execute(_PAYMENT, {"old": old, "new": new})


_STATEMENT = """
INSERT INTO settlement_statement
SELECT (jsonb_populate_record(s, jsonb_build_object('id', %(new)s, 'first', s.first - %(number)s,
        'end', s."end" - %(number)s, 'captures', l.lines, 'total_fen', l.fen,
        'claim_total_fen', l.fen, 'ledger_total_fen', l.fen,
        'bank_reference', s.bank_reference || '/' || %(number)s))).*
  FROM settlement_statement s,
       (SELECT count(*) AS lines, sum(amount_fen) AS fen FROM settlement_line WHERE statement_id = %(new)s) AS l
 WHERE s.id = %(old)s
"""
_PAYMENT = """
INSERT INTO ledger_transfer
SELECT (jsonb_populate_record(t, jsonb_build_object('id', i.id, 'chain_id', i.id, 'reference', %(new)s,
        'amount_fen', l.fen))).*
  FROM ledger_transfer t
  JOIN ledger_account d ON d.id = t.debit_id
  CROSS JOIN LATERAL (SELECT gen_random_uuid() AS id, t.id AS old) AS i
  JOIN LATERAL (
    SELECT sum(l.amount_fen) AS fen FROM settlement_line l JOIN metering_capture c ON c.id = l.capture_id
     WHERE l.statement_id = %(new)s
       AND (t.event = 'statement.pay.cash' OR c.payable_shard::text = split_part(d.subject, '/', 2))
  ) AS l ON l.fen > 0
 WHERE t.reference = %(old)s AND t.event IN ('statement.pay', 'statement.pay.cash')
"""


def _copy(life: Life, homes: Sequence[str], number: int, lines: dict[str, list[str]]) -> None:
    home = homes[number % len(homes)]
    # ids of version 7 stay in the order of their time, as the originals' do
    fresh = {old: str(new_id()) if UUID(old).version == 7 else str(uuid4()) for old in sorted(life.ids)}
    account = str(voucher_account(_programme(life), UUID(life.voucher)).id)
    fresh[account] = str(Account(AccountKind.VOUCHER, _programme(life), fresh[life.voucher]).id)
    fresh[life.holder] = home

    def renamed(found: re.Match[str]) -> str:
        return fresh.get(found[0], found[0])

    for table, rows in life.rows.items():
        if table == "party_organisation":
            if number < len(homes):
                lines[table] += [_another(_UUID.sub(renamed, row), number) for row in rows]
        else:
            lines[table] += [_UUID.sub(renamed, row) for row in rows]


def _another(row: str, number: int) -> str:
    """Give an organisation's row the next name and code: two may not have the same."""
    values = _USCC.sub(f"91510101{number:010}", row).split("\t")
    values[1] += f"（{number}）"
    return "\t".join(values)


def _programme(life: Life) -> str:
    return life.rows["voucher"][0].split("\t", 2)[1]


def _write(table: str, lines: list[str]) -> None:
    if not lines:
        return
    with connections["owner"].cursor() as cursor, cursor.cursor.copy(f"COPY {_named(table)} FROM STDIN") as copy:
        copy.write("\n".join(lines) + "\n")


def _named(table: str) -> str:
    """Name a table with the columns that are copied: a statement's lines are numbered by their table."""
    if table != "settlement_line":
        return table
    names = [field.column for field in StatementLine._meta.concrete_fields[1:]]  # noqa: SLF001 - Django's public _meta
    return f"{table} ({', '.join(names)})"


def size() -> dict[str, Any]:
    """Count the rows of every table that grew."""
    with connections["owner"].cursor() as cursor:
        counts = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
    return counts
