"""A job kept under a name by an organisation, for its members to order again: what is kept of it, and who may."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.kernel.text import kept_text
from jiaozi.order.rules.quoting import Request, Session
from jiaozi.order.rules.wishes import DataFile, Wishes, from_json
from jiaozi.party.rules import Actor, Role

NAME_MAX = 60
TEMPLATES_MAX = 100
"""Templates that an organisation may keep."""
BYTES_MAX = 1024 * 1024
"""The most that one may hold, its files included."""


class UnableToKeepTemplate(Refused):
    """The job can't be kept so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A job as it is asked for, apart from who pays; by when is left out, for that would be over."""

    title: str
    request: Request
    wishes: Wishes
    files: Mapping[str, str] = field(default_factory=dict)

    def for_all(self) -> Asked:
        """Give the job without what is one person's own or one day's: times, and the key that opens a session."""
        session = self.request.session and replace(self.request.session, authorized_key="")
        wishes = replace(self.wishes, latest_start=None, deadline=None)
        return replace(self, request=replace(self.request, session=session), wishes=wishes)

    def to_json(self) -> dict[str, Any]:
        """Give what is kept."""
        asked = {name: value for name, value in asdict(self.request).items() if name != "session"}
        return {
            "title": self.title,
            "request": asked
            | {
                "command": list(self.request.command),
                "end_user": str(self.request.end_user or ""),
                "opens": self.request.session.opens if self.request.session else "",
            },
            "wishes": self.wishes.to_json(),
            "inputs": [asdict(each) for each in self.wishes.inputs],
            "outputs": [asdict(each) for each in self.wishes.outputs],
            "files": dict(self.files),
        }


def read_back(kept: Mapping[str, Any]) -> Asked:
    """Read what is kept.

    >>> job = Asked("t", Request(centre="", resource_class="cpu-core", units=1, memory_mib=1, time_limit_ms=1, \
command=("true",)), Wishes(budget_fen=5), {"a": "b"})
    >>> read_back(job.to_json()) == job
    True
    """
    words = dict(kept["request"])
    opens, end_user = words.pop("opens"), words.pop("end_user")
    request = Request(
        **words | {"command": tuple(words["command"])},
        end_user=UUID(end_user) if end_user else None,
        session=Session(opens=opens) if opens else None,
    )
    inputs, outputs = (tuple(DataFile(**each) for each in kept[name]) for name in ("inputs", "outputs"))
    return Asked(kept["title"], request, from_json(kept["wishes"], inputs, outputs), dict(kept["files"]))


def check_member(by: Actor, organisation: UUID) -> None:
    """Let an organisation's members keep, use, rename and delete its templates; nobody else sees them.

    Raises
    ------
    UnableToKeepTemplate
        For everybody else.
    """
    if by.role is not Role.APPLICANT or by.organisation != organisation:
        raise UnableToKeepTemplate(
            "NOT_YOURS",
            "模板只供本单位成员使用",
            "templates are for the organisation's own members",
            field="organisation",
        )


def check_name(name: str) -> str:
    """Give a template's name without the space around it.

    Raises
    ------
    UnableToKeepTemplate
        When it is none.
    """
    return kept_text(" ".join(name.split()), "name", most=NAME_MAX, refusal=UnableToKeepTemplate)


def check_room(count: int, kept: Mapping[str, Any]) -> None:
    """Let an organisation keep so many templates beside this one, none of them a store of files.

    Raises
    ------
    UnableToKeepTemplate
        Saying what is possible.
    """
    if count >= TEMPLATES_MAX:
        raise UnableToKeepTemplate(
            "TOO_MANY_TEMPLATES",
            f"本单位已有{count}个模板，最多{TEMPLATES_MAX}个；请先删除不用的",
            f"the organisation keeps {count} templates, {TEMPLATES_MAX} at most: delete one that nobody uses",
            field="name",
        )
    size = len(json.dumps(kept, ensure_ascii=False).encode())
    if size > BYTES_MAX:
        raise UnableToKeepTemplate(
            "TEMPLATE_TOO_LARGE",
            f"模板共{size}字节，最多{BYTES_MAX}字节；请改用网址数据",
            f"the template has {size} bytes, {BYTES_MAX} at most: bring large files by URL",
            field="files",
        )


def name_taken(name: str) -> UnableToKeepTemplate:
    """Say that another template has the name."""
    return UnableToKeepTemplate(
        "NAME_TAKEN", f"已有名为“{name}”的模板，请换一个名称", f"there is a template “{name}” already", field="name"
    )
