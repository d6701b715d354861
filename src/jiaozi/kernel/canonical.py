"""Canonical JSON: one byte string for one value, so that equal things have equal digests (the RFC 8785 form).

Only what the house records is allowed: objects with text keys, lists, text, integers in the safe range, booleans, null.
Floats are refused, because no figure here is one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

_SAFE_INTEGER_MAX = 2**63 - 1
_BMP_LAST = "\uffff"  # up to here the order of code points is the order of UTF-16 units, which the RFC asks for


def _check_text(text: str, path: str) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(f"{path}: half a surrogate pair has no UTF-8 form")


def _check_key(key: Any, path: str) -> None:
    if not isinstance(key, str):
        raise TypeError(f"{path}: key {key!r} is no text")
    if key and max(key) > _BMP_LAST:
        raise ValueError(f"{path}: key {key!r} has a character past U+FFFF, which RFC 8785 sorts differently")
    _check_text(key, path)


def _check(value: Any, path: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, path)
        return
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER_MAX:
            raise ValueError(f"{path}: {value} does not fit into 64 bits")
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_key(key, path)
            _check(inner, f"{path}.{key}")
        return
    if isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _check(inner, f"{path}[{index}]")
        return
    raise TypeError(f"{path}: {type(value).__name__} has no canonical form; convert it to text or an integer first")


def canonical(value: Any) -> bytes:
    """Give the one UTF-8 form of a value: keys sorted, no white space.

    Raises
    ------
    TypeError, ValueError
        Named by path, when something has no canonical form (a float, a date).

    Examples
    --------
    >>> canonical({"b": [1, True], "a": "券"}).decode()
    '{"a":"券","b":[1,true]}'
    """
    _check(value, "$")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(value: Any) -> bytes:
    """Give the SHA-256 of the canonical form, 32 bytes."""
    return hashlib.sha256(canonical(value)).digest()
