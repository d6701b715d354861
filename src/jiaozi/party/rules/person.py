"""A person's own facts, and who may enrol, correct or close whom."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules.actor import Actor, Role

PERSON_MAX = 100
EMAIL_MAX = 254
DEMO_DOMAIN = "demo.invalid"
"""Addresses of a demonstration's people, whose password everybody knows: they sign in to a demonstration alone."""
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


class UnableToEnrol(Refused):
    """The person can't be enrolled, corrected or closed so."""


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of a person: erasable, and never in the journal but as a salted digest."""

    name: str
    email: str
    phone: str = ""


def name_of(person: UUID) -> str:
    """Give the one name by which a person's acts are signed, whichever membership or token they were done by.

    Two steps that must not be one person's are told apart by it, so it must not depend on the role.
    """
    return f"person:{person}"


def check_details(details: Details) -> Details:
    """Give the facts in their standard form: spaces single, the address in lower case.

    Raises
    ------
    UnableToEnrol
        Naming the field.
    """
    name, phone = (" ".join(text.split()) for text in (details.name, details.phone))
    if not name or len(name) > PERSON_MAX or not name.isprintable():
        raise UnableToEnrol(
            "NAME_MISSING",
            f"请填写姓名（最长{PERSON_MAX}字）",
            f"give a name of at most {PERSON_MAX} characters",
            field="name",
        )
    if len(phone) > PERSON_MAX or not phone.isprintable():
        raise UnableToEnrol("PHONE_WRONG", "电话号码过长或含不可见字符", "the phone number is too long", field="phone")
    email = details.email.strip().lower()
    if len(email) > EMAIL_MAX or not _EMAIL.fullmatch(email):
        raise UnableToEnrol(
            "EMAIL_WRONG",
            "电子邮箱格式有误，应形如 name@example.cn",
            "this is no e-mail address; it looks like name@example.cn",
            field="email",
        )
    return replace(details, name=name, email=email, phone=phone)


def email_taken() -> UnableToEnrol:
    """Say that somebody signs in with this address already."""
    return UnableToEnrol(
        "EMAIL_TAKEN",
        "该邮箱已用于登录，请直接登录或找回密码",
        "somebody signs in with this address already; sign in, or ask for a new password",
        field="email",
    )


def may_enrol(by: Actor, person: UUID) -> None:
    """Let people sign up themselves, and officers and administrators enrol others.

    Raises
    ------
    UnableToEnrol
        For everybody else.
    """
    if by.name != name_of(person) and by.role not in {Role.SYSTEM, Role.OFFICER} and not by.administrator:
        raise UnableToEnrol(
            "NOT_ADMINISTRATOR",
            "只有经办或管理员可以为他人开通账户",
            "only an officer or an administrator may enrol others",
            field="by",
        )


def may_correct(by: Actor, person: UUID) -> None:
    """Let people correct what is known of themselves.

    Raises
    ------
    UnableToEnrol
        For everybody else.
    """
    if by.role is not Role.SYSTEM and by.name != name_of(person):
        raise UnableToEnrol(
            "NOT_YOURS",
            "只有本人可以更正自己的资料",
            "only the person may correct these facts",
            field="by",
        )


def may_close(by: Actor, person: UUID) -> None:
    """Let people leave, and the operator's administrators close an account.

    Raises
    ------
    UnableToEnrol
        For everybody else.
    """
    operator = by.role is Role.OPERATOR and by.administrator
    if by.role is not Role.SYSTEM and by.name != name_of(person) and not operator:
        raise UnableToEnrol(
            "NOT_ADMINISTRATOR",
            "只有本人或平台管理员可以关闭账户",
            "only the person or an administrator of the operator may close an account",
            field="by",
        )
