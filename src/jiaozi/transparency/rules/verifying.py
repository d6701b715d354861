"""Proving a download by itself: no database, no network. What is wrong is found by its place and named.

Every leaf is computed anew from its row, every head from the one before; the file's sum is checked, the checkpoint's
signature too; each hold is resolved once and by no more than it held; every account keeps its bound; and the figures
are added up again from the rows.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.ledger.rules import KINDS, Bound
from jiaozi.transparency.rules.form import Line, UnableToReadOpenData, read, read_moment
from jiaozi.transparency.rules.measuring import Measure, account, counted
from jiaozi.transparency.rules.sealing import GENESIS, ORIGIN, Checkpoint, Source, leaf, link

FAULTS_MAX = 20
UUID_DIGITS = 32
_NUMBER_DIGITS = 12
_CODE_MIN = 8


class UnableToVerify(UnableToReadOpenData):
    """A file can't be verified at all: it is not open data, or the code asked for is none."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, and what."""

    line: int
    n: int | None
    label: Label


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that a code was found in."""

    n: int
    row: dict[str, Any]


@dataclass
class Proof:
    """What a download proves; ``faults`` is empty when everything holds."""

    first: int | None = None
    last: int = 0
    head: bytes = GENESIS
    rows: int = 0
    withheld: int = 0
    transfers: int = 0
    whole: bool = False
    checkpoint: Checkpoint | None = None
    signed: bool = False
    demo: bool = False
    totals: dict[tuple[str, int, Measure], int] = field(default_factory=lambda: defaultdict(int))
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0
    found: list[Found] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything holds."""
        return not self.faults


@dataclass(slots=True)
class _Holding:
    amount_fen: int
    accounts: tuple[str, str]


def prove(files: Iterable[Iterable[bytes]], *, code: str = "", key: bytes = b"") -> Proof:
    """Prove downloads that follow each other, in their order, and find what a code stands for.

    Cost: one pass; memory for open holds and one counter an account.

    Parameters
    ----------
    files
        The lines of each part, with their line ends.
    code
        A number, an id, or a hash of an entry; empty looks for none.
    key
        The public key that must have signed, 32 bytes; empty takes the download's own.
    """
    return _Prover(code=code_of(code) if code else "", key=key).run(files)


def code_of(text: str) -> str:
    """Give a code as it is compared: hexadecimal digits alone.

    >>> code_of(" 7c9e-6679-7425 ")
    '7c9e66797425'

    Raises
    ------
    UnableToVerify
        When it is no number, id or hash.
    """
    kept = "".join(character for character in text.lower() if character not in "- \t\r\n")
    if not _CODE_MIN <= len(kept) <= UUID_DIGITS * 2 or any(character not in "0123456789abcdef" for character in kept):
        raise UnableToVerify(
            "NOT_A_CODE",
            "核验码须为编号（如7C9E-6679-7425）、完整编号或64位哈希",
            "a code is a number such as 7C9E-6679-7425, a whole id, or a hash of 64 digits",
            field="code",
        )
    return kept


def speaks_of(code: str, row: dict[str, Any]) -> bool:
    """Say whether a row is what a code stands for: by its hash, its id, or the id or number of what it is about."""
    if len(code) == 2 * UUID_DIGITS:
        return code == row.get("leaf")
    names = [str(row.get(name, "")) for name in ("id", "reference")]
    names += [str(row.get(side, "")).partition("/")[2] for side in ("debit", "credit")]
    ids = [name.replace("-", "") for name in names if len(name) == UUID_DIGITS + 4]
    return any(each == code if len(code) == UUID_DIGITS else each[-_NUMBER_DIGITS:] == code for each in ids)


class _Prover:
    """One pass over a download."""

    def __init__(self, *, code: str, key: bytes) -> None:
        self.code, self.key = code, key
        self.proof = Proof()
        self.holds: dict[str, _Holding] = {}
        self.resolved: set[str] = set()
        self.early: dict[str, tuple[Line, int, dict[str, Any], int]] = {}
        self.counters: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def run(self, files: Iterable[Iterable[bytes]]) -> Proof:
        for lines in files:
            self._file(iter(lines))
        proof = self.proof
        proof.whole = proof.first == 1 or (proof.first is None and proof.last == 0)
        if proof.whole:
            for id_, (line, n, *_) in self.early.items():
                self._wrong(line, n, f"没有冻结{id_}", f"there is no hold {id_}")
            self._bounds()
        return proof

    def _file(self, lines: Iterator[bytes]) -> None:
        sum_, ended, begun, rows = hashlib.sha256(), False, False, 0
        line: Line | None = None
        for line in read(lines):
            if not begun:
                self._begin(line)
                begun = True
            elif line.is_row:
                rows += 1
                self._row(line)
            elif "end" in line.said:
                ended = True
                self._end(line, sum_.hexdigest(), rows)
            sum_.update(line.raw)
        if not begun:
            raise UnableToVerify("FILE_EMPTY", "文件是空的", "the file is empty", field="file")
        if not ended:
            self._wrong(
                line, None, "文件没有结尾行，下载不完整", "the file has no last line: the download was cut short"
            )

    def _begin(self, line: Line) -> None:
        said = line.said
        if said.get("format") != ORIGIN:
            raise UnableToVerify(
                "NOT_OPEN_DATA",
                f"这不是开放数据文件：首行须注明“{ORIGIN}”",
                f'this is no open data: its first line must say "{ORIGIN}"',
                field="file",
            )
        try:
            point = said["checkpoint"]
            stated = Checkpoint(
                int(point["n"]),
                bytes.fromhex(point["head"]),
                read_moment(point["at"]),
                bytes.fromhex(point["key"]),
                bytes.fromhex(point["signature"]),
            )
            after, before = int(said["after"]), bytes.fromhex(said["head_before"])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UnableToVerify(
                "HEAD_UNREADABLE", "首行缺少检查点", "the first line lacks its checkpoint", field="file"
            ) from None
        proof = self.proof
        proof.demo = bool(said.get("demo"))
        if proof.checkpoint is None:
            if after == 0 and before != GENESIS:
                self._wrong(line, None, "链的起点不符", "the chain does not begin where it must")
            proof.last, proof.head = after, before
        elif (after, before) != (proof.last, proof.head):
            self._wrong(
                line,
                None,
                f"此文件从第{after}条之后开始，前一文件止于第{proof.last}条，或其链首不同",
                f"this file begins after entry {after}, the one before ended at {proof.last}, or its head differs",
            )
            proof.last, proof.head = after, before
        proof.checkpoint = stated
        proof.signed = stated.stands() and (not self.key or stated.key == self.key)
        if not proof.signed:
            self._wrong(line, None, "检查点的签名不成立", "the checkpoint's signature does not stand")

    def _row(self, line: Line) -> None:
        proof, row = self.proof, line.said
        n = row.get("n")
        if not isinstance(n, int) or n != proof.last + 1:
            self._wrong(
                line, proof.last + 1, f"此处应为第{proof.last + 1}条", f"entry {proof.last + 1} should stand here"
            )
            n = n if isinstance(n, int) else proof.last + 1
        if proof.first is None:
            proof.first = n
        proof.rows += 1
        stated = str(row.get("leaf", ""))
        if row.get("source") == Source.WITHHELD:
            proof.withheld += 1
        elif (made := leaf(row).hex()) != stated:
            zh, en = self._what(row)
            self._wrong(
                line,
                n,
                f"内容被改动：{zh}；按内容算得{made[:12]}，所记为{stated[:12]}",
                f"its content was changed: {en}; its digest is {made[:12]}, stated is {stated[:12]}",
            )
        try:
            head = link(proof.head, bytes.fromhex(stated))
        except ValueError:
            head = proof.head
        if head.hex() != row.get("head"):
            self._wrong(line, n, "链在此处断开", "the chain breaks here")
            head = _bytes(row.get("head")) or head  # what follows is judged by itself
        proof.last, proof.head = n, head
        if row.get("source") == Source.TRANSFER:
            self._transfer(line, n, row)
        if self.code and len(proof.found) < FAULTS_MAX and speaks_of(self.code, row):
            proof.found.append(Found(n, row))

    @staticmethod
    def _what(row: dict[str, Any]) -> tuple[str, str]:
        if row.get("source") == Source.TRANSFER and isinstance(row.get("amount_fen"), int):
            return (
                f"转账{row.get('id')}，{row.get('event')}，金额{yuan(row['amount_fen'])}元",
                f"transfer {row.get('id')}, {row.get('event')}, amount CNY {yuan(row['amount_fen'])}",
            )
        return f"留痕{row.get('id')}", f"line {row.get('id')}"

    def _transfer(self, line: Line, n: int, row: dict[str, Any]) -> None:
        self.proof.transfers += 1
        full = {name: row.get(name, "") for name in _NEEDED}
        try:
            day = local_date(read_moment(str(row["at"]))).isoformat()
            for each in counted(full, day):
                self.proof.totals[each.programme, each.year, each.measure] += each.fen
            sides = (str(row["debit"]), str(row["credit"]))
            for side in sides:
                account(side)
            kind, amount_fen = str(row["kind"]), int(row["amount_fen"])
        except (KeyError, ValueError, TypeError):
            self._wrong(line, n, "此条不是转账应有的样子", "this is not what a transfer looks like")
            return
        if amount_fen <= 0:
            self._wrong(line, n, "金额须大于零", "an amount must be above zero")
        self._post(str(row["programme"]), kind, sides, amount_fen)
        if kind == "HOLD":
            self.holds[str(row["id"])] = _Holding(amount_fen, sides)
            if (waited := self.early.pop(str(row["id"]), None)) is not None:
                self._resolve(*waited)
        elif kind in {"CAPTURE", "VOID"}:
            self._resolve(line, n, row, amount_fen)

    def _post(self, programme: str, kind: str, sides: tuple[str, str], amount_fen: int) -> None:
        if kind in {"POST", "CAPTURE"}:
            self.counters[programme, sides[0]][1] += amount_fen
            self.counters[programme, sides[1]][3] += amount_fen
        elif kind == "HOLD":
            self.counters[programme, sides[0]][0] += amount_fen
            self.counters[programme, sides[1]][2] += amount_fen

    def _resolve(self, line: Line, n: int, row: dict[str, Any], amount_fen: int) -> None:
        id_ = str(row.get("hold", ""))
        held = self.holds.pop(id_, None)
        if held is None:
            if id_ in self.resolved or id_ in self.early:
                self._wrong(line, n, f"冻结{id_}已了结过", f"hold {id_} was resolved before")
            self.early[id_] = (
                line,
                n,
                row,
                amount_fen,
            )  # held before this download begins, or later in one transaction
            return
        self.resolved.add(id_)
        if amount_fen > held.amount_fen or row.get("hold_fen") != held.amount_fen:
            self._wrong(
                line,
                n,
                f"核销{yuan(amount_fen)}元，冻结只有{yuan(held.amount_fen)}元",
                f"captures CNY {yuan(amount_fen)} of a hold of CNY {yuan(held.amount_fen)}",
            )
        for side, counter in zip(held.accounts, (0, 2), strict=True):
            self.counters[str(row["programme"]), side][counter] -= held.amount_fen

    def _bounds(self) -> None:
        for (programme, name), (debit_held, debits, credit_held, credits_) in self.counters.items():
            _, bound = KINDS[account(name)[0]]
            over_fen = {
                Bound.DEBITS_WITHIN_CREDITS: debits + debit_held - credits_,
                Bound.CREDITS_WITHIN_DEBITS: credits_ + credit_held - debits,
            }.get(bound, 0)
            if over_fen > 0:
                self._wrong(
                    None,
                    None,
                    f"{programme}的账户{name}透支{yuan(over_fen)}元",
                    f"{programme}: account {name} is overdrawn by CNY {yuan(over_fen)}",
                )

    def _end(self, line: Line, sum_: str, rows: int) -> None:
        said, proof = line.said, self.proof
        if said.get("sha256") != sum_:
            self._wrong(line, None, "文件的校验和不符", "the file's checksum differs")
        if said.get("rows") != rows or said.get("end") != proof.last:
            self._wrong(line, None, "结尾行所记的条数不符", "the last line counts other entries")
        if said.keys() != _LAST or (rows and said.get("head") != proof.head.hex()):
            self._wrong(line, None, "结尾行所记的链首不符", "the last line names another head")
        point = proof.checkpoint
        if point is not None and proof.last == point.n and proof.head != point.head:
            self._wrong(line, proof.last, "链首与签名的检查点不符", "the chain's head is not the one that was signed")

    def _wrong(self, line: Line | None, n: int | None, zh: str, en: str) -> None:
        proof = self.proof
        if len(proof.faults) >= FAULTS_MAX:
            proof.more_faults += 1
            return
        proof.faults.append(Fault(line.number if line else 0, n, Label(zh, en)))


_LAST = {"end", "head", "rows", "sha256"}
_NEEDED = ("programme", "debit", "credit", "kind", "amount_fen", "hold_fen", "year", "clause", "holder_class", "parts")


def _bytes(text: object) -> bytes:
    try:
        return bytes.fromhex(str(text))
    except ValueError:
        return b""
