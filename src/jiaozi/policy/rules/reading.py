"""Reads YAML so that every value keeps its line and column, and so that no file can hang the reader.

Dates and decimals stay text (the schema reads them exactly), aliases and merge keys are refused (a lawyer reads this
file from top to bottom, and a bomb is made of them), and size and depth have limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from jiaozi.policy.rules import schema
from jiaozi.policy.rules.figures import Unreadable
from jiaozi.policy.rules.problems import Path, Problem, UnableToReadProgramme, dotted

TEXT_LENGTH_MAX = 300_000
DEPTH_MAX = 12
BRACKETS_MAX = 64

Place = tuple[int, int]


class _TextConstructor(RoundTripConstructor):
    """Leaves dates and decimals as the text that was written."""

    def written(self, node: Any) -> str:
        return str(node.value)


_TextConstructor.add_constructor("tag:yaml.org,2002:timestamp", _TextConstructor.written)
_TextConstructor.add_constructor("tag:yaml.org,2002:float", _TextConstructor.written)


@dataclass(slots=True)
class Marks:
    """Where every path of a document stands: its value's and its key's line and column, counted from 1."""

    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def of(self, path: Path, *, key: bool = False) -> Place:
        """Give the place of a path, or of the nearest part around it."""
        while path:
            if key and path in self.keys:
                return self.keys[path]
            if path in self.values:
                return self.values[path]
            path = path[:-1]
        return (1, 1)

    def problem(self, path: Path, wrong: Unreadable, *, key: bool = False, shift: Place = (0, 0)) -> Problem:
        """Make the problem of a path; ``shift`` moves on inside its value."""
        line, column = self.of(path, key=key)
        return Problem(line + shift[0], column + shift[1], dotted(path), wrong.zh, wrong.en)


def parse(text: str) -> tuple[Any, Marks]:
    """Read YAML as plain lists and dicts.

    Raises
    ------
    UnableToReadProgramme
        With line and column, when it is no YAML or none that a programme is written in.
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise _refused(1, 1, f"文件超过 {TEXT_LENGTH_MAX} 字", f"the file is longer than {TEXT_LENGTH_MAX} characters")
    _check_brackets(text)
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _TextConstructor
    try:
        tree = yaml.load(text)
    except MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        what = str(wrong.problem or wrong.context or "unreadable").splitlines()[0]
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _refused(line, column, f"不是合格的 YAML：{what}", f"no proper YAML: {what}") from wrong
    except (YAMLError, ValueError, TypeError, RecursionError) as wrong:  # TypeError: a mapping used as a key
        what = str(wrong).splitlines()[0][:200] if str(wrong) else "nested too deeply"
        raise _refused(1, 1, f"不是合格的 YAML：{what}", f"no proper YAML: {what}") from wrong
    marks = Marks()
    return _plain(tree, (), marks, set()), marks


def _check_brackets(text: str) -> None:
    """Refuse many open brackets before the parser sees them: its time grows with their square."""
    depth = 0
    for line, part in enumerate(text.split("\n"), start=1):
        depth = max(0, depth + part.count("[") + part.count("{") - part.count("]") - part.count("}"))
        if depth > BRACKETS_MAX:
            raise _refused(line, 1, "括号嵌套过深", f"more than {BRACKETS_MAX} brackets are open here")


def _refused(line: int, column: int, zh: str, en: str) -> UnableToReadProgramme:
    return UnableToReadProgramme([Problem(line, column, "", zh, en)])


def _plain(node: Any, path: Path, marks: Marks, seen: set[int]) -> Any:
    """Copy a tree into plain containers and note the marks on the way."""
    if not isinstance(node, CommentedMap | CommentedSeq):
        if isinstance(node, bool) or node is None:
            return node
        return int(node) if isinstance(node, int) else str(node)
    line, column = marks.of(path)
    if id(node) in seen or len(path) > DEPTH_MAX:
        raise _refused(
            line, column, "不可使用 YAML 别名，也不可嵌套过深", "aliases and deep nesting are not allowed; write it out"
        )
    seen.add(id(node))
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            marks.values[(*path, index)] = _from_one(node.lc.item(index))
        return [_plain(item, (*path, index), marks, seen) for index, item in enumerate(node)]
    if getattr(node, "merge", None):
        raise _refused(line, column, "不可使用 YAML 合并键 <<", "the merge key << is not allowed; write it out")
    for key in node:
        marks.keys[(*path, str(key))] = _from_one(node.lc.key(key))
        marks.values[(*path, str(key))] = _from_one(node.lc.value(key))
    return {str(key): _plain(value, (*path, str(key)), marks, seen) for key, value in node.items()}


def _from_one(place: Any) -> Place:
    return (place[0] + 1, place[1] + 1)


def validate(tree: Any, marks: Marks) -> schema.Programme:
    """Check a tree against the schema.

    Raises
    ------
    UnableToReadProgramme
        With every problem, each at its place and with what would be right.
    """
    try:
        return schema.Programme.model_validate(tree)
    except ValidationError as wrong:
        raise UnableToReadProgramme(problems(wrong, marks, schema.Programme, "docs/reference/programme.md")) from wrong


def problems(wrong: ValidationError, marks: Marks, root: type[BaseModel], manual: str) -> Iterator[Problem]:
    """Say what a schema found wrong, each at its place; ``manual`` is where a stranger to it looks the keys up."""
    errors = wrong.errors(include_url=False)
    for error in errors:
        follows = error["type"] == "too_short" and any(
            len(e["loc"]) > len(error["loc"]) == _common(e, error) for e in errors
        )
        if not follows:  # a list is not too short because an item in it is wrong
            yield _problem(error, marks, root, manual)


def _common(one: Any, other: Any) -> int:
    """Count the steps that two places share from the top."""
    return next(
        (n for n, (a, b) in enumerate(zip(one["loc"], other["loc"], strict=False)) if a != b), len(other["loc"])
    )


def _problem(error: Any, marks: Marks, root: type[BaseModel], manual: str) -> Problem:
    path: Path = tuple(step for step in error["loc"] if step != "[key]")
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Unreadable):
        return marks.problem(path, cause)
    if error["type"] == "extra_forbidden":
        return marks.problem(path, _unknown_key(error, path, root, manual), key=True)
    if error["type"] == "missing":
        line, column = marks.of(path[:-1], key=True)
        zh, en = _what_belongs(path, root)
        return Problem(line, column, dotted(path[:-1]), f"缺少 {path[-1]}{zh}", f"`{path[-1]}` is missing{en}")
    return marks.problem(path, _plainly(error), key="[key]" in error["loc"])


def _plainly(error: Any) -> Unreadable:
    """Say a schema library's complaint in the house's words."""
    kind, given = error["type"], str(error.get("input"))[:60]
    if kind == "string_pattern_mismatch":
        return Unreadable(
            f"{given!r} 不是合格的名称（小写字母开头，可含数字、_、-；事实名为 组.名）",
            f"{given!r} is no proper name (small letters first, then digits, _ or -; a fact is group.name)",
        )
    if kind == "string_type" and isinstance(error.get("input"), bool | int):
        word, truth = str(error["input"]).lower(), isinstance(error["input"], bool)
        return Unreadable(
            f"{word} 会被读作{'真假值' if truth else '数字'}；须为文本，请加引号或换一个词",
            f"{word} is read as {'true or false' if truth else 'a number'}; text belongs here: quote it or "
            f"take another word",
        )
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return Unreadable("此处须为 键: 值 的映射", "a mapping of `key: value` belongs here")
    if kind in {"tuple_type", "list_type"}:
        return Unreadable("此处须为列表", "a list belongs here")
    if kind in {"too_short", "too_long"}:
        return Unreadable(f"数目不符：{error['msg']}", f"wrong number of entries: {error['msg']}")
    return Unreadable(f"不合要求：{error['msg']}", str(error["msg"]))


def _unknown_key(error: Any, path: Path, root: type[BaseModel], manual: str) -> Unreadable:
    key = str(path[-1])
    near = get_close_matches(key, _keys_at(path[:-1], root), n=1)
    if error.get("input") is None and not near:  # the rest of a text that a comma cut in two
        return Unreadable(
            f"{key!r} 没有值：花括号内文本含有逗号时，须用引号括起整段文本",
            f"{key!r} has no value: inside braces a text with a comma needs quotes around the whole of it",
        )
    zh, en = (f"，是否为 {near[0]}？", f"; did you mean `{near[0]}`?") if near else ("", f"; see {manual}")
    return Unreadable(f"未知的键 {key}{zh}", f"unknown key `{key}`{en}")


def _what_belongs(path: Path, root: type[BaseModel]) -> tuple[str, str]:
    """Say which words a missing key takes, where it takes one out of a closed list."""
    model = _part_at(path[:-1], root)
    fields = model.model_fields if hasattr(model, "model_fields") else {}
    found = next((field for name, field in fields.items() if path[-1] in (name, field.alias)), None)
    choices = getattr(found.annotation, "__members__", None) if found else None
    words = ", ".join(str(word) for word in choices.values()) if choices else ""
    return (f"，可写：{words}", f"; write one of: {words}") if words else ("", "")


def _keys_at(path: Path, root: type[BaseModel]) -> list[str]:
    """List the keys that the schema knows at a path."""
    model = _part_at(path, root)
    return [f.alias or name for name, f in model.model_fields.items()] if hasattr(model, "model_fields") else []


def _part_at(path: Path, root: type[BaseModel]) -> Any:
    """Find the schema part at a path, by walking its types."""
    model: Any = root
    for step in path:
        if isinstance(step, int) or not hasattr(model, "model_fields"):
            continue
        found = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        model = _model_inside(found.annotation) if found else model
    return model


def _model_inside(annotation: Any) -> Any:
    """Find the schema part inside ``tuple[Part, ...]``, ``dict[str, Part]`` or ``Part | None``."""
    if hasattr(annotation, "model_fields"):
        return annotation
    inside = (_model_inside(part) for part in getattr(annotation, "__args__", ()) if part is not Ellipsis)
    metadata = getattr(annotation, "__origin__", None)
    return next((part for part in inside if part is not None), metadata if hasattr(metadata, "model_fields") else None)
