"""A refusal is an error that a person can act on: which field, what is wrong, what would be right; in two languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jiaozi.kernel.label import Label


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused.

    Attributes
    ----------
    code
        Stable and machine-readable, ``upper_snake``.
    label
        One clear line in each language: what is wrong, and what would be right.
    field
        The input that it is about, empty where there is none.
    clause
        The programme's clause that it rests on, empty where there is none.
    """

    code: str
    label: Label
    field: str = ""
    clause: str = ""


class Refused(Exception):  # noqa: N818 - a refusal is an answer; subclasses are named UnableTo...
    """Base of every refusal; a service raises it before or instead of writing, so nothing half-done stays behind."""

    def __init__(self, code: str, zh: str, en: str, *, field: str = "", clause: str = "") -> None:
        self.reason = Reason(code=code, label=Label(zh, en), field=field, clause=clause)
        super().__init__(f"{field}: {en}" if field else en)

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is unpickled by calling its class with its args, which are not what a refusal is made from.
        return Exception.__new__, (type(self), *self.args), self.__dict__

    def in_language(self, language: str) -> str:
        """Give the one line for a language code."""
        text = self.reason.label.in_language(language)
        return f"{self.reason.field}: {text}" if self.reason.field else text
