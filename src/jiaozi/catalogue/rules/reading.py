"""Reading a catalogue file: text to typed entries, and every mistake told with file, line, field and what is right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

from jiaozi.kernel.refusal import Refused

FILE_CHARACTERS_MAX = 1_000_000
_NODES_MAX = 100_000
_PROBLEMS_MAX = 50

Loc = tuple[int | str, ...]
File = TypeVar("File", bound=BaseModel)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file."""

    file: str
    line: int
    field: str
    zh: str
    en: str

    @property
    def place(self) -> str:
        """Where it is: ``tariffs.yaml:12 tariffs[0].rate``."""
        return f"{self.file}:{self.line} {self.field}".rstrip()


class UnableToLoad(Refused):
    """The catalogue has mistakes; ``problems`` is every one that was found, the message tells the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))[:_PROBLEMS_MAX]
        first, more = self.problems[0], len(self.problems) - 1
        zh, en = (f"（另有{more}处）", f" (and {more} more)") if more else ("", "")
        super().__init__("CATALOGUE_INVALID", first.zh + zh, first.en + en, field=first.place)


@dataclass(frozen=True, slots=True)
class Page(Generic[File]):
    """A file as read: its typed content, and the tree that knows the lines."""

    name: str
    content: File
    tree: Any

    def problem(self, loc: Sequence[int | str], zh: str, en: str) -> Problem:
        """Tell a mistake at a place of this file."""
        return Problem(self.name, _line(self.tree, loc), _path(loc), zh, en)


class _Constructor(RoundTripConstructor):
    """Leaves dates as text: a wrong one must be told with its line, not raised from inside the parser."""

    def date_as_text(self, node: ScalarNode) -> str:
        return str(self.construct_scalar(node))


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.date_as_text)


def read(name: str, text: str, schema: type[File]) -> Page[File]:
    """Read one file.

    Raises
    ------
    UnableToLoad
        With every mistake in it.
    """
    tree = _tree(name, text)
    try:
        return Page(name, schema.model_validate(_plain(name, tree)), tree)
    except ValidationError as invalid:
        raise UnableToLoad(_told(name, tree, schema, error) for error in invalid.errors(include_url=False)) from None


def _tree(name: str, text: str) -> Any:
    if len(text) > FILE_CHARACTERS_MAX:
        raise UnableToLoad(
            [Problem(name, 1, "", "文件过大，应不超过1 MB", "the file is too large; keep it within 1 MB")]
        )
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _Constructor
    try:
        return yaml.load(text)
    except MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        what = str(broken.problem).split("\n")[0]
        raise UnableToLoad([Problem(name, line, "", f"不是有效的YAML：{what}", f"no valid YAML: {what}")]) from None
    except (YAMLError, RecursionError, ValueError) as broken:
        what = str(broken).split("\n")[0] or type(broken).__name__
        raise UnableToLoad([Problem(name, 1, "", f"不是有效的YAML：{what}", f"no valid YAML: {what}")]) from None


def _plain(name: str, tree: Any) -> Any:
    """Give the tree as plain maps and lists; a file that unfolds without end through its anchors is refused."""
    left = _NODES_MAX

    def copy(node: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > 50:  # noqa: PLR2004 - deeper than any entry by far
            raise UnableToLoad(
                [Problem(name, 1, "", "文件嵌套过深或过大", "the file nests too deeply or unfolds too far")]
            )
        if isinstance(node, CommentedMap):
            return {key: copy(value, depth + 1) for key, value in node.items()}
        if isinstance(node, CommentedSeq):
            return [copy(value, depth + 1) for value in node]
        return node

    return copy(tree, 0)


def _line(tree: Any, loc: Sequence[int | str]) -> int:
    """Give the line of the deepest part of a place that the file has, from 1."""
    line, node = 0, tree
    for part in loc:
        try:
            line = node.lc.item(part)[0] if isinstance(node, CommentedSeq) else node.lc.key(part)[0]
            node = node[part]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
        if not isinstance(node, CommentedBase):
            break
    return int(line) + 1


def _path(loc: Sequence[int | str]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def _told(name: str, tree: Any, schema: type[BaseModel], error: ErrorDetails) -> Problem:
    """Say one of pydantic's errors in both languages."""
    loc = _in_file(tree, error["loc"])
    if key := error.get("ctx", {}).get("key"):
        loc = (*loc, str(key))
    zh, en = _words(error, _keys_at(schema, loc[:-1]))
    return Problem(name, _line(tree, loc), _path(loc), zh, en)


def _in_file(tree: Any, loc: Loc) -> Loc:
    """Cut off what pydantic adds to a place for its own types, keeping a key that is missing."""
    node, kept = tree, []
    for part in loc:
        kept.append(part)
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            break
        if not isinstance(node, CommentedBase):
            break
    return tuple(kept)


def _words(error: ErrorDetails, keys: Sequence[str]) -> tuple[str, str]:
    """Give the Chinese and the English line of one error."""
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    near = difflib.get_close_matches(str(error["loc"][-1]), keys, n=1) if error["loc"] else []
    hint = near[0] if near else ", ".join(keys)
    expected, text = str(context.get("expected", "")), error["msg"]
    words = {
        "jiaozi": (str(context.get("zh", "")), str(context.get("en", ""))),
        "missing": ("缺少此项", "is missing"),
        "extra_forbidden": (f"未知的键，应为：{hint}", f"is no known key; it should be: {hint}"),
        "enum": (f"应为：{expected}", f"must be {expected}, not {value!r}"),
        "literal_error": (f"应为：{expected}", f"must be {expected}, not {value!r}"),
        "string_type": (f'应为文本，请加引号，如 "{value}"', f'must be text; put it in quotes, like "{value}"'),
        "string_pattern_mismatch": (
            "应为2至40位的小写字母、数字和连字符，以字母开头",
            f"{value!r} is no id: 2 to 40 lower-case letters, digits and hyphens, a letter first",
        ),
    }
    return words.get(kind, (f"值无效：{text}", text[:1].lower() + text[1:]))


def _keys_at(schema: type[BaseModel], loc: Loc) -> list[str]:
    """Give the keys that the entry at a place may have."""
    model: Any = schema
    for part in loc:
        if isinstance(part, int):
            continue
        field = next((each for key, each in model.model_fields.items() if part in {key, each.alias}), None)
        inner = None if field is None else _model_in(field.annotation)
        if inner is None:
            return []
        model = inner
    return sorted(each.alias or key for key, each in model.model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each))), None)
