"""What a holder still has to be asked, and what the policy says to the answers so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from jiaozi.application.models import Application
from jiaozi.application.queries import evidence as papers
from jiaozi.application.rules import facts_of
from jiaozi.party import queries as party
from jiaozi.party.models import Organisation
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Decision, Document, Paper, decide, papers_due, papers_missing
from jiaozi.policy.rules.asking import facts_asked
from jiaozi.policy.rules.words import StepOfLife


def questions(document: Document, clause: str, holder: Organisation) -> tuple[str, ...]:
    """Give the facts that an organisation is asked under a clause, in the document's order.

    Raises
    ------
    UnableToDecide
        When there is no such clause.
    """
    answered = known(document, holder)
    return tuple(name for name in facts_asked(document, clause) if name not in answered)


def known(document: Document, holder: Organisation) -> dict[str, Any]:
    """Give what the register knows of an organisation and a document asks for, by the facts' whole names."""
    found = facts_for(document, holder, {})
    return {f"{group}.{part}": value for group, parts in found.items() for part, value in parts.items()}


def facts_for(document: Document, holder: Organisation, claimed: Mapping[str, Any]) -> dict[str, Any]:
    """Put together what the register knows of an organisation and what it claims.

    Raises
    ------
    UnableToReadFacts
        When what is claimed is no object of names and values.
    """
    return facts_of(
        holder_id=holder.id,
        holder_class=holder.holder_class,
        uscc=holder.uscc,
        in_incubator=holder.in_incubator,
        registered_in_city=holder.registered_in_city,
        dishonest=holder.dishonest,
        end_users=party.end_user_count(holder.id),
        claimed=claimed,
        declared=document.programme.facts,
    )


def read_facts(
    document: Document, clause: str, holder: Organisation, claimed: Mapping[str, Any], on: date
) -> dict[str, Any]:
    """Read the facts as the decision will, in their plain form, the register's as they are now.

    Raises
    ------
    UnableToReadFacts
        Naming each fact that is no such thing, before anything is stored.
    """
    return dict(foreseen(document, clause, holder, claimed, on, allow_demo=True).inputs.facts)


def foreseen(
    document: Document, clause: str, holder: Organisation, claimed: Mapping[str, Any], on: date, *, allow_demo: bool
) -> Decision:
    """Say what the policy would decide on what is stated so far, all counters untouched; nothing is kept.

    Raises
    ------
    UnableToReadFacts
        Naming each fact that is no such thing.
    """
    facts = facts_for(document, holder, claimed)
    return decide(document, clause_id=clause, facts=facts, counters={}, on=on, allow_demo=allow_demo)


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
