"""An intermediary buys for others and may not hide them: every end user is named, by organisation or by name."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules.organisation import NAME_MAX, HolderClass


class UnableToNameEndUser(Refused):
    """The end user can't be named so."""


class UnableToActForNobody(Refused):
    """An intermediary that named no end user can't apply or order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndUser:
    """Whom the compute is for: a registered organisation, or somebody known by name alone."""

    organisation: UUID | None = None
    name: str = ""


def check_end_user(intermediary: UUID, holder_class: HolderClass, end_user: EndUser) -> EndUser:
    """Give the end user in its standard form.

    Raises
    ------
    UnableToNameEndUser
        When the holder is no intermediary, names itself, or names nobody or two.
    """
    if holder_class is not HolderClass.INTERMEDIARY:
        raise UnableToNameEndUser(
            "NO_INTERMEDIARY",
            f"只有算力中介服务机构登记最终用户，该主体为{holder_class.label.zh}",
            f"only a compute intermediary names end users; this is a {holder_class.label.en}",
            field="intermediary",
        )
    name = " ".join(end_user.name.split())
    if bool(name) == (end_user.organisation is not None):
        raise UnableToNameEndUser(
            "ONE_OF_TWO",
            "最终用户须且只须填写一项：已登记主体，或名称",
            "name the end user by a registered organisation or by a name, exactly one of the two",
            field="end_user",
        )
    if end_user.organisation == intermediary:
        raise UnableToNameEndUser(
            "ITSELF",
            "中介机构不能以自己为最终用户",
            "an intermediary can't be its own end user; name the one it serves",
            field="end_user",
        )
    if len(name) > NAME_MAX or not name.isprintable():
        raise UnableToNameEndUser(
            "NOT_A_NAME",
            f"最终用户名称最长{NAME_MAX}个可见字符",
            f"an end user's name must be at most {NAME_MAX} visible characters",
            field="end_user",
        )
    return EndUser(organisation=end_user.organisation, name=name)


def require_end_user(holder_class: HolderClass, end_users: int) -> None:
    """Pass everybody but an intermediary without a named end user.

    Raises
    ------
    UnableToActForNobody
        When an intermediary named none.
    """
    if holder_class is HolderClass.INTERMEDIARY and end_users < 1:
        raise UnableToActForNobody(
            "NO_END_USER",
            "算力中介服务机构须先登记至少一个最终用户",
            "a compute intermediary must name at least one end user first",
            field="end_user",
        )
