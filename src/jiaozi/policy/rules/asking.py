"""What a clause wants to know: the facts that a form has to ask before the clause can be decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from jiaozi.policy.rules.document import ALWAYS, SUPPLIER_TESTS, Document, Test
from jiaozi.policy.rules.words import Gate


def facts_asked(document: Document, clause_id: str) -> tuple[str, ...]:
    """Give the facts that a decision under a clause may look at, in the order in which the document declares them.

    A contradiction is only looked for between facts that are asked anyway, so what must be consistent adds nothing.

    Raises
    ------
    UnableToDecide
        When there is no such clause.
    """
    clause, programme = document.clause(clause_id), document.programme
    tests: list[Test] = [*document.tests[clause_id]]
    if Gate.ALWAYS not in clause.without:
        tests += document.tests[ALWAYS]
    if Gate.SUPPLIERS not in clause.without:
        tests += document.tests[SUPPLIER_TESTS]
    kind = programme.classes.get(clause.voucher_class or "")
    owners = (f"{clause_id}.", ".evidence[", f"classes.{clause.voucher_class}.")
    tests += [test for name, test in document.asides.items() if name.startswith(owners)]
    gates = {
        Gate.CREDIT: (programme.credit,),
        Gate.RELATED: (programme.related,),
        Gate.ROLES: (programme.roles,),
        Gate.SUPPLIERS: (programme.suppliers.fact,),
        Gate.SERVICES: (programme.services,),
        Gate.OTHER_SUPPORT: programme.other_support,
    }
    parts = [part for gate, of in gates.items() if gate not in clause.without for part in of]
    caps = [programme.caps[under.cap] for under in (*clause.caps, *(kind.caps if kind else ()))]
    counted = {cap.subject for cap in caps} | ({clause.once.subject} if clause.once else set())
    subjects = [programme.subjects[subject] for subject in counted if subject in programme.subjects]
    wanted = {name for test in tests for name in test.compiled.facts}
    wanted |= {*_texts([clause.amount, *caps, *parts, *subjects])}
    return tuple(name for name in document.facts if name in wanted)


def subject_facts(document: Document) -> frozenset[str]:
    """Give the facts that only name a thing (the holder, a project, a contract), for a counter to be kept under."""
    return frozenset(document.programme.subjects.values())


def _texts(parts: Iterable[Any]) -> Iterator[str]:
    """Walk every text of some parts of a document; a fact's name has a dot and is no other word."""
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, BaseModel):
            yield from _texts(getattr(part, name) for name in type(part).model_fields)
        elif isinstance(part, tuple | list):
            yield from _texts(part)
        elif isinstance(part, dict):
            yield from _texts(part.values())
