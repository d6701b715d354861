"""What a checked CEL expression is made of, read from the tree that the checker gives back (a protobuf of cel.expr).

Two questions are answered here, both exactly: which declared names does a condition rest on, and is there anything
inside an ``&&``, an ``||`` or a comprehension that can fail while it runs? CEL lets the other side of those two
operators absorb an error, and an absorbed error would be a pass that nobody earned. ``many`` judges whole columns of
facts by the same tree.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_TREE, _SOURCE, _POSITIONS = 4, 5, 4
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = 2, 3, 4, 5, 6, 7, 8, 9
_NAME, _FUNCTION, _TEST_ONLY = 1, 2, 3
_PIECES = {_SELECT: (1,), _CALL: (1, 3), _LIST: (1,), _COMPREHENSION: (2, 4, 5, 6, 7)}
_ENTRIES, _ENTRY_PIECES = 2, (3, 4)
_LOGIC = ("_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false")
_COMPARISONS = ("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "size", "contains", "startsWith", "endsWith")
_SAFE = frozenset((*_LOGIC, *_COMPARISONS))
_READ_AT_LOAD = frozenset(["yuan", "day"])
_ABSORBING = frozenset(["_&&_", "_||_"])
_TEXTS = re.compile(
    r"""[bB]?[rR]?(?:'''.*?'''|\"{3}.*?\"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|//[^\n]*""", re.DOTALL
)
_VARINT, _BYTES = 0, 2
_CONTINUES, _BITS = 0x80, 7
_BOOL, _INT, _UINT, _DOUBLE, _STRING = 2, 3, 4, 5, 6
_SIGN = 2**63
_FIXED_LENGTHS = {1: 8, 5: 4}


class Whole(int):
    """A literal of type ``uint``, like the fen of ``yuan('3万')``."""


@dataclass(frozen=True, slots=True)
class Node:
    """One expression of the tree: what it calls or names, its parts, and its offset in the source.

    A literal has its ``value``; a ``Whole`` marks one written as ``uint``, which money is.
    """

    kind: int
    name: str
    parts: tuple[Node, ...]
    offset: int
    value: bool | int | float | str | None = None

    def walk(self) -> Iterator[Node]:
        """Give this node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def is_literal(self) -> bool:
        """Say whether it is written out: a number, text, true or false."""
        return self.kind == _CONST

    @property
    def is_name(self) -> bool:
        """Say whether it reads a declared name."""
        return self.kind == _IDENT

    @property
    def is_call(self) -> bool:
        """Say whether it is an operator or a function."""
        return self.kind == _CALL

    @property
    def is_list(self) -> bool:
        """Say whether it is a list written out; asking whether a key is there looks like one, without a list."""
        return self.kind == _LIST

    @property
    def can_fail(self) -> bool:
        """Say whether the node itself, its parts apart, may end in an error on some facts."""
        if self.kind == _SELECT:
            return True
        if self.kind != _CALL or self.name in _SAFE:
            return False
        return not (self.name in _READ_AT_LOAD and all(part.kind == _CONST for part in self.parts))


def read(serialized: bytes) -> Node:
    """Read the tree of a checked expression."""
    checked = _parts(_one(serialized, _ENTRIES))
    positions = {}
    for entry in _parts(checked.get(_SOURCE, [b""])[0]).get(_POSITIONS, []):
        pair = _parts(entry)
        positions[_number(pair, 1)] = _number(pair, 2)
    return _node(checked[_TREE][0], positions)


def names(tree: Node) -> frozenset[str]:
    """Give every name that the expression reads."""
    return frozenset(node.name for node in tree.walk() if node.kind == _IDENT)


def absorbed(tree: Node) -> Node | None:
    """Find an operation that can fail and whose error ``&&``, ``||`` or a comprehension's own of them may absorb."""
    for node in tree.walk():
        if node.kind == _CALL and node.name in _ABSORBING:
            found = next((below for below in node.walk() if below.can_fail), None)
            if found:
                return found
    return None


def operands(source: str) -> list[str]:
    """Split a condition at its ``||`` and ``&&``, outermost first, into parts that can be run one by one.

    >>> operands("a.x / 2 > 1 || !(b == 'x||y' && c[0] == d)")
    ['a.x / 2 > 1', "b == 'x||y'", 'c[0] == d']
    """
    masked = _TEXTS.sub(lambda match: "_" * len(match[0]), source)
    return [source[start:end].strip() for start, end in _split(masked, 0, len(masked))]


def _split(masked: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    start, end = _trimmed(masked, start, end)
    if "?" in _outermost(masked, start, end):
        yield start, end
        return
    for operator in ("||", "&&"):
        at = _outermost(masked, start, end).find(operator)
        if at >= 0:
            yield from _split(masked, start, start + at)
            yield from _split(masked, start + at + len(operator), end)
            return
    if masked[start : start + 1] == "!" or _enclosed(masked, start, end):
        inner = start + 1
        yield from _split(masked, inner, end - 1 if masked[start] == "(" else end)
        return
    yield start, end


def _trimmed(masked: str, start: int, end: int) -> tuple[int, int]:
    part = masked[start:end]
    return start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip()))


def _outermost(masked: str, start: int, end: int) -> str:
    """Blank everything inside brackets, so that only the outermost operators are left."""
    depth, shown = 0, []
    for character in masked[start:end]:
        depth -= character in ")]}"
        shown.append(character if depth == 0 else " ")
        depth += character in "([{"
    return "".join(shown)


def _enclosed(masked: str, start: int, end: int) -> bool:
    """Say whether one pair of brackets holds the whole part."""
    return masked[start : start + 1] == "(" and not _outermost(masked, start, end)[1:-1].strip()


def _node(raw: bytes, positions: dict[int, int]) -> Node:
    fields = _parts(raw)
    offset = positions.get(_number(fields, _ID), 0)
    kind = next((number for number in fields if number != _ID), _CONST)
    inner = {} if kind == _CONST else _parts(fields[kind][0])
    name = _text(inner, _FUNCTION if kind in (_CALL, _SELECT) else _NAME) if kind in (_IDENT, _SELECT, _CALL) else ""
    if kind == _STRUCT:
        entries = [_parts(entry) for entry in inner.get(_ENTRIES, [])]
        pieces = [entry[number][0] for entry in entries for number in _ENTRY_PIECES if number in entry]
    else:
        pieces = [piece for number in _PIECES.get(kind, ()) for piece in inner.get(number, [])]
    if kind == _SELECT and _number(inner, _TEST_ONLY):  # has(m.key) only asks
        kind = _LIST
    value = _literal(fields[_CONST][0]) if kind == _CONST and _CONST in fields else None
    return Node(kind, name, tuple(_node(piece, positions) for piece in pieces), offset, value)


def _literal(raw: bytes) -> bool | int | float | str | None:
    """Read a literal; null, bytes and what this does not know come out as None."""
    fields = _parts(raw)
    if _BOOL in fields:
        return bool(fields[_BOOL][0])
    if _INT in fields:
        number: int = fields[_INT][0]
        return number - 2 * _SIGN if number >= _SIGN else number
    if _UINT in fields:
        return Whole(fields[_UINT][0])
    if _DOUBLE in fields:
        return float(struct.unpack("<d", fields[_DOUBLE][0])[0])
    return _text(fields, _STRING) if _STRING in fields else None


def _parts(raw: bytes) -> dict[int, list[Any]]:
    """Read one protobuf message as its fields: integers, and bytes for everything longer."""
    found: dict[int, list[Any]] = {}
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        value: int | bytes
        if wire == _VARINT:
            value, at = _varint(raw, at)
        else:
            length, at = _varint(raw, at) if wire == _BYTES else (_FIXED_LENGTHS[wire], at)
            value, at = raw[at : at + length], at + length
        found.setdefault(number, []).append(value)
    return found


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        byte = raw[at]
        number |= (byte & ~_CONTINUES) << shift
        at, shift = at + 1, shift + _BITS
        if not byte & _CONTINUES:
            return number, at


def _one(raw: bytes, number: int) -> bytes:
    value: bytes = _parts(raw)[number][0]
    return value


def _number(fields: dict[int, list[Any]], number: int) -> int:
    return int(fields[number][0]) if number in fields else 0


def _text(fields: dict[int, list[Any]], number: int) -> str:
    return bytes(fields[number][0]).decode() if number in fields else ""
