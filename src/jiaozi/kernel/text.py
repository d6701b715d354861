"""Text that people write to be kept: bounded, and of characters that a screen can show and a database can store."""

from __future__ import annotations

import re
import unicodedata

from jiaozi.kernel.refusal import Refused

_BREAKS = "\n\t"
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def kept_text(text: str, field: str, *, most: int, refusal: type[Refused], required: bool = True) -> str:
    r"""Give a text without the space around it, checked.

    Raises
    ------
    Refused
        As ``refusal``, naming the field: nothing is written, it is too long, or a character can't be shown (control and
        direction characters, half a surrogate pair). Line breaks and tabs may stand inside.

    Examples
    --------
    >>> kept_text(" 材料不实\n见附件 ", "reason", most=20, refusal=Refused)
    '材料不实\n见附件'
    """
    stripped = text.strip()
    if required and not stripped:
        raise refusal(
            "TEXT_MISSING", f"请填写，不超过{most}字", f"write something, at most {most} characters", field=field
        )
    if len(stripped) > most:
        raise refusal(
            "TEXT_TOO_LONG",
            f"现为{len(stripped)}字，不得超过{most}字",
            f"it has {len(stripped)} characters; at most {most} are kept",
            field=field,
        )
    wrong = next((c for c in stripped if c not in _BREAKS and unicodedata.category(c).startswith("C")), None)
    if wrong is not None:
        raise refusal(
            "TEXT_UNPRINTABLE",
            f"含有不能显示的字符 U+{ord(wrong):04X}，请删去",
            f"it has the character U+{ord(wrong):04X}, which can't be shown; take it out",
            field=field,
        )
    return stripped


def is_storable(text: str) -> bool:
    r"""Say whether a database can hold a text: everything but NUL and half of a surrogate pair.

    >>> is_storable("a\tb"), is_storable("a\0b")
    (True, False)
    """
    return _UNSTORABLE.search(text) is None


def storable(text: str, *, most: int) -> str:
    r"""Give the beginning of any text, such as a machine's message, in a form that a database can hold.

    >>> storable("full\0disk", most=6)
    'full�d'
    """
    return _UNSTORABLE.sub("\ufffd", text)[:most]
