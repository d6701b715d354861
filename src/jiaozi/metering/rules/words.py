"""What people write into metering: names and reasons that a database can hold and a page can show."""

from __future__ import annotations

import re

from jiaozi.kernel.refusal import Refused

REASON_MAX = 400
ACCOUNT_MAX = 120
NAME_MAX = 60
_SHOWN_MAX = 40
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NAME = re.compile(r"[\w][\w.:/+-]*")


class UnableToWrite(Refused):
    """A text is missing, too long, or holds what is no character."""


def is_clean(text: str, most: int) -> bool:
    """Say whether a text is there, fits, and holds no control character and no half of a surrogate pair."""
    return bool(text) and len(text) <= most and _UNPRINTABLE.search(text) is None


def shown(text: str) -> str:
    """Give the beginning of any text in plain ASCII, to be quoted in a message."""
    return ascii(text[:_SHOWN_MAX])


def check_text(text: str, field: str, most: int = REASON_MAX) -> str:
    """Give a text without the space around it.

    Raises
    ------
    UnableToWrite
        When nothing is left, it is too long, or holds a control character.
    """
    text = text.strip()
    if not is_clean(text, most):
        raise UnableToWrite(
            "TEXT_WRONG",
            f"须填写，不超过{most}字，不得含控制字符",
            f"write something, at most {most} characters, without control characters",
            field=field,
        )
    return text


def check_name(text: str, field: str, most: int = NAME_MAX) -> str:
    """Give a code such as a centre's, a programme's or a resource class's, in one word.

    Raises
    ------
    UnableToWrite
        When it can be none.
    """
    if len(text) > most or not _NAME.fullmatch(text):
        raise UnableToWrite(
            "NAME_WRONG",
            f"{shown(text)}不是编号：字母、数字和 . : / + - _，至多{most}个",
            f"{shown(text)} is no code: letters, digits and . : / + - _, at most {most}",
            field=field,
        )
    return text
