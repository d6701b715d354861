"""Reading what a caller sends, strictly: JSON without doubled keys, decimals as written, text that a table can keep."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from jiaozi.api.problem import UnableToRead

DEPTH_MAX = 40


class Strict(Parser):
    """Ninja's parser, stricter."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Read a body."""
        return read(request.body)

    def parse_querydict(self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest) -> Any:
        """Read a query or a form."""
        for name, values in data.lists():
            check_text(name, "")
            for value in values:
                if isinstance(value, str):
                    check_text(value, name)
        return super().parse_querydict(data, list_fields, request)


def read(content: bytes) -> Any:
    """Give the value that JSON says.

    Raises
    ------
    UnableToRead
        When it is none, has a key twice, nests too deeply, or text that can't be kept.
    """
    try:
        value = json.loads(content, parse_float=str, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as wrong:
        raise UnableToRead(
            "BODY_UNREADABLE", "请求内容不是合格的JSON（UTF-8）", f"the body is no proper JSON: {wrong}"
        ) from None
    _walk(value, 0)
    return value


def check_text(text: str, field: str) -> None:
    """Refuse text that no table can keep.

    Raises
    ------
    UnableToRead
        When it has a NUL character or half a surrogate pair.
    """
    if "\0" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text)):
        raise UnableToRead(
            "TEXT_UNREADABLE",
            "文字中有不能保存的字符（空字符或不成对的代理项）",
            "the text has a character that can't be kept: NUL, or half a surrogate pair",
            field=field,
        )


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _walk(value: Any, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise UnableToRead("BODY_UNREADABLE", "嵌套过深", f"the body nests deeper than {DEPTH_MAX}")
    if isinstance(value, str):
        check_text(value, "")
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_text(key, "")
            _walk(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, depth + 1)
