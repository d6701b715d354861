"""Screening a dossier: gather what others have in common with it, have the checks look, raise what they suspect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from jiaozi.alert import rules as checks
from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import (
    AlertKind,
    Ask,
    Claim,
    PaperFacts,
    Parameters,
    Purchase,
    Spending,
    Subject,
    SubjectKind,
    Suspicion,
)
from jiaozi.application import queries
from jiaozi.application.models import Application
from jiaozi.application.queries import screening as reads
from jiaozi.application.rules import screening as rules
from jiaozi.application.services import likeness
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor, Group, HolderClass, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Decision, Document, bars_of
from jiaozi.policy.rules.concurrence import rule_between

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Scene:
    """One dossier with what every check of it needs."""

    row: Application
    subject: Subject
    parameters: Parameters
    group: Group
    words: rules.Words
    now: datetime

    def names(self, *more: UUID) -> dict[UUID, str]:
        return party.names_of({*self.group.members, *more})


def screen(*, application_id: UUID, by: Actor, now: datetime) -> tuple[Alert, ...]:
    """Run every check that a dossier has the facts for, and raise what is new; nothing is refused here.

    Review and public notice do this by themselves; an officer may ask again when relations or papers came later.

    Raises
    ------
    UnableToReadAlerts
        When the actor is none who decides, pays or audits.
    """
    checks.may_read(by)
    row = queries.application(application_id)
    check_own_programme(by, row.programme)
    return screen_row(row, by=by, now=now)


def screen_row(row: Application, *, by: Actor, now: datetime) -> tuple[Alert, ...]:
    """Screen a dossier that is loaded already, inside of the verb that holds it."""
    scene = _scene(row, now)
    found = [*_papers(scene), *_likeness(scene), *_contract(scene), *_supplier(scene)]
    found += [*_split(scene), *_just_below(scene), *_stacked(scene), *_end_users(scene)]
    return alert.raise_all(programme=row.programme, suspicions=found, by=by, now=now)


def _scene(row: Application, now: datetime) -> _Scene:
    document, today = policy.document(row.version_id), local_date(now)
    programme, parameters = document.programme, reads.thresholds(row.version_id, today)
    return _Scene(
        row=row,
        subject=_subject(row.id),
        parameters=parameters,
        group=party.group_of(row.holder_id, on=today, depth=parameters.depth, share_least_bp=parameters.share_least_bp),
        words=rules.words_of(programme.subjects, programme.suppliers.fact, document.facts),
        now=now,
    )


def _subject(application: UUID) -> Subject:
    return Subject(SubjectKind.APPLICATION, str(application))


def _papers(scene: _Scene) -> list[Suspicion]:
    found: list[Suspicion] = []
    for each in reads.shared_files(scene.row.id):
        if each.other_holder == scene.row.holder_id and not rules.asked_once(each.paper):
            continue
        own = PaperFacts(
            reference=str(each.own_paper),
            subject=scene.subject,
            kind=each.paper,
            sha256=each.digest,
            asked_by=scene.row.applied_by,
        )
        other = PaperFacts(reference=str(each.other_paper), subject=_subject(each.other), sha256=each.digest)
        found += checks.copies(own, [other], scene.parameters)
    return found


def _likeness(scene: _Scene) -> list[Suspicion]:
    """Compare what this dossier's papers say and look like with the papers of the same name in other dossiers."""
    likeness.keep_unread(reads.unread_files(scene.row.id), scene.now)
    own = reads.likenesses(scene.row.id)
    pictured = {each.paper for each in own if each.picture is not None}
    texts = reads.like_texts(scene.row.id) if any(each.text for each in own) else {}
    pictures = reads.pictures(scene.row.id, pictured) if pictured else []
    found: list[Suspicion] = []
    for each in own:
        others = texts.get(each.id, []) + (pictures if each.picture is not None else [])
        strange = [one for one in others if one.holder != scene.row.holder_id or rules.asked_once(one.paper)]
        beside = [_read(other, scene) for other in strange]
        found += checks.copies(_read(each, scene), beside, scene.parameters)
    return [one for one in found if one.kind is AlertKind.SIMILAR_PAPER]


def _read(each: reads.PaperOf, scene: _Scene) -> PaperFacts:
    return PaperFacts(
        reference=str(each.id),
        subject=_subject(each.application),
        kind=each.paper,
        sha256=each.digest,
        text=each.text,
        image_bits=each.picture,
        asked_by=scene.row.applied_by,
    )


def _contract(scene: _Scene) -> list[Suspicion]:
    """Check the contract's number: a related organisation with it claims at the other end, anybody else copies it."""
    row, written = scene.row, rules.text_of(scene.row.facts, scene.words.contract)
    number = checks.normalised(written)
    if not number:
        return []
    same = [
        each
        for each in reads.contracts(row.programme, scene.words.contract, row.id)
        if checks.normalised(each[2]) == number
    ]
    if not same:
        return []
    claim = Claim(subject=scene.subject, holder=row.holder_id, reference=written, asked_by=row.applied_by)
    others = [Claim(subject=_subject(id_), holder=holder, reference=said) for id_, holder, said in same]
    names = scene.names(*(each.holder for each in others))
    found = list(checks.both_ends(claim, others, scene.group, names, scene.parameters))
    paper = PaperFacts(
        reference=str(row.id), subject=scene.subject, kind="contract", number=written, asked_by=row.applied_by
    )
    strangers = [
        PaperFacts(reference=str(id_), subject=_subject(id_), kind="contract", number=said)
        for id_, holder, said in same
        if holder not in scene.group.paths
    ]
    return [*found, *checks.copies(paper, strangers, scene.parameters)]


def _supplier(scene: _Scene) -> list[Suspicion]:
    named = rules.text_of(scene.row.facts, scene.words.supplier)
    supplier = reads.organisation_named(named) if named else None
    if supplier is None:
        return []
    purchase = Purchase(
        subject=scene.subject, holder=scene.row.holder_id, supplier=supplier, asked_by=scene.row.applied_by
    )
    return list(checks.related_supplier(purchase, scene.group, scene.names(supplier), scene.parameters))


def _split(scene: _Scene) -> list[Suspicion]:
    row = scene.row
    cap = rules.split_cap(Decision.from_json(row.decision)) if row.decision else None
    if cap is None or not row.amount_fen or not scene.group.paths:
        return []
    day, window = local_date(row.submitted_at), timedelta(days=scene.parameters.split_window_days)
    since, until = start_of_day(day - window), start_of_day(day + window + _DAY)
    others = [_ask(each) for each in reads.asked(row.programme, scene.group.members, since, until)]
    own = Ask(subject=scene.subject, holder=row.holder_id, amount_fen=row.amount_fen, on=day, asked_by=row.applied_by)
    return list(
        checks.split_under_cap(
            own, others, scene.group, cap=cap.label, cap_fen=cap.limit_fen, parameters=scene.parameters
        )
    )


def _stacked(scene: _Scene) -> list[Suspicion]:
    """Look whether the holder has another dossier under a clause that this one does not add up with.

    Dossiers on different contracts are different affairs; where one names none, a person must tell.
    """
    row = scene.row
    if not row.amount_fen:
        return []
    document, day = policy.document(row.version_id), local_date(row.submitted_at)
    window = timedelta(days=scene.parameters.split_window_days)
    since, until = start_of_day(day - window), start_of_day(day + window + _DAY)
    own = checks.normalised(rules.text_of(row.facts, scene.words.contract))
    others = [
        (_ask(each), document.clause(clause).label, rule)
        for each, clause, said in reads.under_others(row, scene.words.contract, since, until)
        if (rule := _one_of(document, row.clause, clause, day)) is not None
        and (not own or not (number := checks.normalised(said)) or number == own)
    ]
    if not others:
        return []
    ask = Ask(subject=scene.subject, holder=row.holder_id, amount_fen=row.amount_fen, on=day, asked_by=row.applied_by)
    pairs = [(each, label) for each, label, _ in others]
    return list(checks.stacked(ask, pairs, rule=others[0][2], parameters=scene.parameters))


def _one_of(document: Document, one: str, other: str, on: date) -> Label | None:
    """Say what the programme gives where two clauses don't add up; None where they do, or nobody published it."""
    if other not in {clause.id for clause in document.programme.clauses}:
        return None
    return rules.ONE_OF.get(rule_between(document, one, other, on))


def _just_below(scene: _Scene) -> list[Suspicion]:
    """Look whether one holder's dossiers keep just below where a band ends or the cap on a single claim stands."""
    row = scene.row
    day, window = local_date(row.submitted_at), timedelta(days=scene.parameters.split_window_days)
    since, until = start_of_day(day - window), start_of_day(day + window + _DAY)
    found: list[Suspicion] = []
    for bar in bars_of(policy.document(row.version_id), row.clause, day, allow_demo=row.version.demo):
        own_fen = row.facts.get(bar.fact) if bar.fact else row.amount_fen
        if not isinstance(own_fen, int):
            continue
        others = (
            reads.stated(row.programme, row.holder_id, bar.fact, since, until)
            if bar.fact
            else reads.asked(row.programme, [row.holder_id], since, until)
        )
        asks = [_ask(each) for each in others]
        own = Ask(subject=scene.subject, holder=row.holder_id, amount_fen=own_fen, on=day, asked_by=row.applied_by)
        found += checks.just_below(own, asks, bar=bar.label, bar_fen=bar.bar_fen, parameters=scene.parameters)
    return found


def _ask(each: reads.Asked) -> Ask:
    return Ask(subject=_subject(each.application), holder=each.holder, amount_fen=each.amount_fen, on=each.on)


def _end_users(scene: _Scene) -> list[Suspicion]:
    row = scene.row
    if row.holder.holder_class != HolderClass.INTERMEDIARY or party.end_user_count(row.holder_id):
        return []
    spending = Spending(subject=scene.subject, holder=row.holder_id, intermediary=True, asked_by=row.applied_by)
    return list(checks.hidden_end_user(spending))
