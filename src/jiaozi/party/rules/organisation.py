"""An organisation as a programme sees it: its class, its code, and the facts that eligibility rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from stdnum.cn import uscc as _stdnum
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules.actor import Actor, Role

NAME_MAX = 120
CONTACT_MAX = 120
USCC_LENGTH = 18
_DIGITS_FIRST = 8
_ALPHABET = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")  # GB 32100 leaves out I, O, S, V and Z


class HolderClass(StrEnum):
    """Which kind of holder an organisation is; programmes and tariffs speak of these."""

    INTERMEDIARY = "INTERMEDIARY"
    TECH_SME = "TECH_SME"
    MAKER = "MAKER"
    INSTITUTE = "INSTITUTE"
    UNIVERSITY = "UNIVERSITY"
    OTHER = "OTHER"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    HolderClass.INTERMEDIARY: Label("算力中介服务机构", "compute intermediary"),
    HolderClass.TECH_SME: Label("科技型中小微企业", "tech SME or micro firm"),
    HolderClass.MAKER: Label("创客", "maker"),
    HolderClass.INSTITUTE: Label("科研机构", "research institute"),
    HolderClass.UNIVERSITY: Label("高校", "university"),
    HolderClass.OTHER: Label("其他", "other"),
}


class UnableToRegister(Refused):
    """The organisation can't be registered, or corrected, as it was described."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What an organisation says of itself.

    Attributes
    ----------
    uscc
        统一社会信用代码, empty for a maker, who has none.
    in_incubator, incubator
        Whether it resides in an incubator, and in which.
    dishonest
        Whether it stands on a list of dishonest persons (失信).
    """

    name: str
    holder_class: HolderClass
    uscc: str = ""
    registered_in_city: bool = False
    in_incubator: bool = False
    incubator: str = ""
    dishonest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ask; personal, so it lives in a row of its own that can be erased."""

    person: str
    phone: str = ""
    email: str = ""


def check_uscc(code: str, *, field: str = "uscc") -> str:
    """Give a unified social credit code in its standard form.

    Raises
    ------
    UnableToRegister
        With one line: the length, the character or the check digit that is wrong, and what would be right.
        Source: GB 32100-2015.

    Examples
    --------
    >>> check_uscc("91110000 600037341l")
    '91110000600037341L'
    """
    compact = _stdnum.compact(code)
    try:
        return str(_stdnum.validate(compact))
    except InvalidLength:
        raise UnableToRegister(
            "USCC_LENGTH",
            f"统一社会信用代码应为{USCC_LENGTH}位，现为{len(compact)}位",
            f"a unified social credit code has {USCC_LENGTH} characters, not {len(compact)}",
            field=field,
        ) from None
    except InvalidFormat:
        raise _wrong_character(compact, field) from None
    except InvalidChecksum:
        right = _stdnum.calc_check_digit(compact[:-1])
        raise UnableToRegister(
            "USCC_CHECK_DIGIT",
            f"统一社会信用代码的校验码（第{USCC_LENGTH}位）与前17位不符：现为{compact[-1]}，前17位若无误应为{right}",
            f"the check digit (place {USCC_LENGTH}) is {compact[-1]}; if the first 17 are right it must be {right}",
            field=field,
        ) from None


def _wrong_character(code: str, field: str) -> UnableToRegister:
    """Name the first place whose character can't stand there."""
    for place, character in enumerate(code, start=1):
        digits_only = place <= _DIGITS_FIRST
        if (digits_only and character not in "0123456789") or character not in _ALPHABET:
            break
    wanted = (
        Label("数字0-9", "a digit 0-9")
        if digits_only
        else Label("数字或除I、O、S、V、Z外的大写字母", "a digit or a letter other than I, O, S, V, Z")
    )
    return UnableToRegister(
        "USCC_CHARACTER",
        f"统一社会信用代码第{place}位“{character}”有误，应为{wanted.zh}",
        f"character {place} is {character!r}; it must be {wanted.en}",
        field=field,
    )


def _check_text(text: str, label: Label, *, field: str, required: bool = True) -> str:
    stripped = " ".join(text.split())
    if required and not stripped:
        raise UnableToRegister("MISSING", f"{label.zh}不能为空", f"the {label.en} must not be empty", field=field)
    if len(stripped) > NAME_MAX or not stripped.isprintable():
        raise UnableToRegister(
            "NOT_A_NAME",
            f"{label.zh}最长{NAME_MAX}个可见字符，现为{len(stripped)}个",
            f"the {label.en} must be at most {NAME_MAX} visible characters, not {len(stripped)}",
            field=field,
        )
    return stripped


def check_registration(registration: Registration) -> Registration:
    """Give the registration in its standard form: names trimmed, the code checked.

    A maker has no code, for no company is registered yet, and must name its incubator instead; everybody else has one.

    Raises
    ------
    UnableToRegister
        Naming the field and what would be right.
    """
    name = _check_text(registration.name, Label("名称", "name"), field="name")
    incubator = _check_text(
        registration.incubator,
        Label("孵化器名称", "incubator's name"),
        field="incubator",
        required=registration.in_incubator,
    )
    if incubator and not registration.in_incubator:
        raise UnableToRegister(
            "INCUBATOR_WITHOUT_RESIDENCE",
            "填写了孵化器名称，“入驻孵化器”也应为是",
            "an incubator is named, so in_incubator must be true",
            field="in_incubator",
        )
    if registration.holder_class is HolderClass.MAKER:
        _check_maker(registration)
        return replace(registration, name=name, incubator=incubator, uscc="")
    if not registration.uscc.strip():
        raise UnableToRegister(
            "USCC_MISSING",
            f"{registration.holder_class.label.zh}须填写18位统一社会信用代码；只有创客可以没有",
            f"a {registration.holder_class.label.en} needs its 18-character code (uscc); only a maker has none",
            field="uscc",
        )
    return replace(registration, name=name, incubator=incubator, uscc=check_uscc(registration.uscc))


def check_contact(contact: Contact) -> Contact:
    """Give a contact in its standard form.

    Raises
    ------
    UnableToRegister
        Naming the field that is too long or can't be shown; a person must be named.
    """
    return Contact(
        person=_check_text(contact.person, Label("联系人", "contact person"), field="person"),
        phone=_check_text(contact.phone, Label("电话", "phone"), field="phone", required=False),
        email=_check_text(contact.email, Label("电子邮箱", "e-mail"), field="email", required=False),
    )


def _check_maker(registration: Registration) -> None:
    if registration.uscc.strip():
        raise UnableToRegister(
            "MAKER_WITH_USCC",
            "创客尚未登记企业，不应有统一社会信用代码；已有代码的请按企业登记",
            "a maker has no company yet, so no unified social credit code; with a code, register as a firm",
            field="uscc",
        )
    if not registration.in_incubator:
        raise UnableToRegister(
            "MAKER_WITHOUT_INCUBATOR",
            "创客须入驻孵化器，请填写孵化器名称",
            "a maker must reside in an incubator; name it",
            field="incubator",
        )


def may_write(actor: Actor, organisation: UUID | None) -> None:
    """Let an officer, the system, or an applicant for its own organisation pass.

    ``organisation`` is None for one that is not registered yet: any applicant without one may register it.

    Raises
    ------
    UnableToRegister
        For everybody else.
    """
    if actor.role in {Role.OFFICER, Role.SYSTEM}:
        return
    if actor.role is Role.APPLICANT and actor.organisation == organisation:
        return
    raise UnableToRegister(
        "NOT_YOURS",
        "只有经办人员或该主体自己可以登记、更正",
        "only an officer or the organisation itself may register or correct it",
        field="by",
    )


_VERIFIED = ("holder_class", "uscc", "registered_in_city", "in_incubator", "incubator", "dishonest")


def check_correction(actor: Actor, before: Registration, after: Registration) -> None:
    """Let an applicant correct its name alone; what eligibility rests on is an officer's to change.

    Raises
    ------
    UnableToRegister
        Naming the first field that is not the applicant's.
    """
    if actor.role is not Role.APPLICANT:
        return
    for field in _VERIFIED:
        if getattr(before, field) != getattr(after, field):
            raise UnableToRegister(
                "OFFICER_CORRECTS",
                "该项关系到申领资格，须由经办人员核实后更正",
                "eligibility rests on this field: an officer corrects it after checking",
                field=field,
            )


def facts(registration: Registration) -> dict[str, Any]:
    """Give what a digest in the journal covers, in canonical types."""
    return {
        "dishonest": registration.dishonest,
        "holder_class": registration.holder_class.value,
        "in_incubator": registration.in_incubator,
        "incubator": registration.incubator,
        "name": registration.name,
        "registered_in_city": registration.registered_in_city,
        "uscc": registration.uscc,
    }
