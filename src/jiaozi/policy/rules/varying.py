"""What if one parameter were another: the same document with that one figure changed, and a dossier under both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jiaozi.kernel.refusal import Refused
from jiaozi.policy.rules import reading
from jiaozi.policy.rules.deciding import decide
from jiaozi.policy.rules.decision import Outcome
from jiaozi.policy.rules.document import Document, load
from jiaozi.policy.rules.figures import READERS, Unreadable
from jiaozi.policy.rules.problems import UnableToReadFacts, UnableToReadProgramme
from jiaozi.policy.rules.words import Kind

_TRIED = {"ref": "试算 what-if", "grade": "B"}  # a value must have a source; this document is neither kept nor shown
_WORDS: dict[str, bool] = {"true": True, "false": False, "是": True, "否": False}


class UnableToVary(Refused):
    """The parameter or the value that is to be tried can't be."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a dossier would be granted under both documents, alone and with nothing used before."""

    before_fen: int
    after_fen: int

    @property
    def by_fen(self) -> int:
        """What the change makes of it."""
        return self.after_fen - self.before_fen


def with_parameter(text: str, name: str, value: str) -> Document:
    """Give a programme with one parameter set to a value that is written as a document writes it, such as ``40%``.

    Raises
    ------
    UnableToVary
        When there is no such parameter, the value is none of its kind, or the document then contradicts itself.
    """
    tree, _marks = reading.parse(text)
    known = tree.get("parameters", {})
    if name not in known:
        there = ", ".join(known)
        raise UnableToVary(
            "PARAMETER_UNKNOWN", f"没有参数{name}，现有：{there}", f"no parameter {name}; there is: {there}",
            field="parameter",
        )  # fmt: skip
    parameter = dict(known[name])
    for word in ("unpublished", "demo", "source", "value"):
        parameter.pop(word, None)
    known[name] = {**parameter, "value": _read(parameter.get("kind"), value), "source": _TRIED}
    try:
        return load(json.dumps(tree, ensure_ascii=False, indent=1))
    except UnableToReadProgramme as refused:
        first = refused.problems[0]
        raise UnableToVary(
            "VALUE_UNUSABLE",
            f"改成这样，文件不成立：{first.path}：{first.zh}",
            f"changed like this the document does not hold: {first.path}: {first.en}",
            field="value",
        ) from refused


def _read(kind: Any, value: str) -> Any:
    written: Any = value.strip()
    if kind == Kind.INT and written.isascii() and written.isdigit():
        written = int(written)
    elif kind == Kind.BOOL:
        written = _WORDS.get(written.lower(), written)
    try:
        READERS[Kind(kind)](written)
    except Unreadable as wrong:
        raise UnableToVary("VALUE_WRONG", wrong.zh, wrong.en, field="value") from wrong
    return written


def tried(
    before: Document, after: Document, clause: str, facts: Mapping[str, Any], on: date, *, allow_demo: bool
) -> Tried:
    """Decide one dossier under both documents."""
    return Tried(_granted(before, clause, facts, on, allow_demo), _granted(after, clause, facts, on, allow_demo))


def _granted(document: Document, clause: str, facts: Mapping[str, Any], on: date, allow_demo: bool) -> int:
    try:
        decision = decide(document, clause_id=clause, facts=facts, counters={}, on=on, allow_demo=allow_demo)
    except UnableToReadFacts:
        return 0
    return decision.amount_fen or 0 if decision.outcome is Outcome.GRANTED else 0
