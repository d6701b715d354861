"""What a document must stand before it is taken into use."""

from __future__ import annotations

from datetime import date

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Role
from jiaozi.policy.rules.cases import run_cases
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.terms import Asked

_SHOWN_MAX = 5
PUBLISHERS = frozenset({Role.OFFICER, Role.OPERATOR})
_ANY_DAY = date(2000, 1, 1)  # the days of force do not depend on the day that asks


class UnableToAdopt(Refused):
    """A document that reads well but may not be taken into use."""


def check_publisher(role: Role) -> None:
    """Let an officer of the programme, or the operator, take a version into use.

    Raises
    ------
    UnableToAdopt
        When it is somebody else.
    """
    if role not in PUBLISHERS:
        raise UnableToAdopt(
            "WRONG_ROLE",
            "政策版本由经办人员或平台运营方发布",
            "an officer or the platform's operator publishes a version",
            field="role",
        )


def check_cases(document: Document) -> None:
    """Run the document's own cases.

    Raises
    ------
    UnableToAdopt
        Naming the first cases that fail.
    """
    wrong = [(run.index, run.wrong) for run in run_cases(document) if run.wrong]
    if wrong:
        zh = "；".join(f"cases[{index}] {label.zh}" for index, label in wrong[:_SHOWN_MAX])
        en = "; ".join(f"cases[{index}] {label.en}" for index, label in wrong[:_SHOWN_MAX])
        raise UnableToAdopt(
            "CASES_FAIL", f"{len(wrong)} 个算例不符：{zh}", f"{len(wrong)} cases fail: {en}", field="cases"
        )


def check_succession(document: Document, latest: str | None) -> None:
    """A change names the version that it replaces, so that nobody replaces one that they never saw.

    Raises
    ------
    UnableToAdopt
        Saying which digest belongs in ``supersedes``.
    """
    if document.programme.supersedes == latest:
        return
    if latest is None:
        zh, en = "尚无在用版本，请删去 supersedes", "there is no version in use yet; leave `supersedes` out"
    else:
        zh, en = (
            f"已有在用版本，请写 supersedes: {latest}",
            f"a version is in use already; write `supersedes: {latest}`",
        )
    raise UnableToAdopt("SUCCESSION_WRONG", zh, en, field="supersedes")


def effective_dates(document: Document, *, allow_demo: bool) -> tuple[date, date | None]:
    """Give the first and the last day of force.

    Raises
    ------
    UnableToDecide
        When they are not published and demo values are not allowed.
    """
    effective = document.programme.effective
    asked = Asked(document, document.programme.issued or _ANY_DAY, allow_demo)
    return asked.figure(effective.since), asked.figure(effective.to) if effective.to else None
