"""The operator's file: what is allowed and how it is reached."""

from __future__ import annotations

import json
from pathlib import Path

from jiaozi.engines.staging.places import Options
from jiaozi.kernel.refusal import Refused

FILE_BYTES_MAX = 1_000_000


class UnableToReadOptions(Refused):
    """The file of options is missing or is not what it must be."""


def read_options(path: Path) -> Options:
    """Read what the operator allows and knows: ``roots``, ``spool``, ``access``, ``piece_bytes``, ``read_back``."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise _wrong(path, "文件过大", "is too large")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise _wrong(path, f"无法读取：{why}", f"can't be read: {why}") from None
    kinds = {"roots": list, "spool": str, "access": dict, "piece_bytes": int, "read_back": bool}
    if not isinstance(found, dict) or not {"roots", "spool"} <= set(found) <= set(kinds):
        raise _wrong(path, "须有roots与spool", f"needs roots and spool, and knows no more than {', '.join(kinds)}")
    for name, value in found.items():
        if type(value) is not kinds[name]:
            raise _wrong(path, f"{name}的类型不对", f"{name} must be a JSON {kinds[name].__name__}")
    words = {**found, "roots": tuple(str(each) for each in found["roots"]), "spool": Path(found["spool"])}
    return Options(**words)


def _wrong(path: Path, zh: str, en: str) -> UnableToReadOptions:
    return UnableToReadOptions("OPTIONS_WRONG", zh, en, field=str(path))
