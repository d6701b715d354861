"""What a holder still has to be asked: the clause's questions that the register does not answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from jiaozi.application.models import Application
from jiaozi.application.queries import evidence as papers
from jiaozi.application.rules import facts_of
from jiaozi.party import queries as party
from jiaozi.party.models import Organisation
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Document, Paper, papers_due, papers_missing
from jiaozi.policy.rules.asking import facts_asked
from jiaozi.policy.rules.words import StepOfLife


def questions(document: Document, clause: str, holder: Organisation) -> tuple[str, ...]:
    """Give the facts that an organisation is asked under a clause, in the document's order.

    Raises
    ------
    UnableToDecide
        When there is no such clause.
    """
    known = facts_of(
        holder_id=holder.id,
        holder_class=holder.holder_class,
        uscc=holder.uscc,
        in_incubator=holder.in_incubator,
        registered_in_city=holder.registered_in_city,
        dishonest=holder.dishonest,
        end_users=party.end_user_count(holder.id),
        claimed={},
        declared=document.programme.facts,
    )
    answered = {f"{group}.{part}" for group, parts in known.items() for part in parts}
    return tuple(name for name in facts_asked(document, clause) if name not in answered)


def papers_wanted(row: Application, steps: Iterable[StepOfLife], on: date) -> tuple[tuple[Paper, ...], frozenset[str]]:
    """Give the papers that a dossier's steps ask for, and the names of those that are missing."""
    document = policy.document(row.version_id)
    due = tuple(
        paper
        for step in steps
        for paper in papers_due(document, row.clause, step, row.facts, on, allow_demo=row.version.demo)
    )
    given = papers.papers_given(row.id, row.id) if due else frozenset()
    return due, frozenset(paper.id for paper in papers_missing(due, given))
