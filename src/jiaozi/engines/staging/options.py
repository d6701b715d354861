"""The operator's file: what is allowed and how it is reached."""

from __future__ import annotations

import json
from pathlib import Path

from jiaozi.engines.staging.addresses import is_loopback, network
from jiaozi.engines.staging.places import Options
from jiaozi.kernel.refusal import Refused

FILE_BYTES_MAX = 1_000_000


_KINDS = {"roots": list, "spool": str, "access": dict, "piece_bytes": int, "read_back": bool}
_SERVING = {"landings": dict, "places": dict, "networks": list}


class UnableToReadOptions(Refused):
    """The file of options is missing or is not what it must be."""


def read_options(path: Path, *, serving: bool = False, loopback: bool = False) -> Options:
    """Read what the operator allows and knows.

    ``serving`` reads it for orders: then only public addresses may be called, and ``networks``; ``loopback`` lets these
    be this machine's own.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise _wrong(path, "文件过大", "is too large")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise _wrong(path, f"无法读取：{why}", f"can't be read: {why}") from None
    kinds = _KINDS | (_SERVING if serving else {})
    if not isinstance(found, dict) or not {"roots", "spool"} <= set(found) <= set(kinds):
        raise _wrong(path, "须有roots与spool", f"needs roots and spool, and knows no more than {', '.join(kinds)}")
    for name, value in found.items():
        if type(value) is not kinds[name]:
            raise _wrong(path, f"{name}的类型不对", f"{name} must be a JSON {kinds[name].__name__}")
    words = {**found, "roots": tuple(str(each) for each in found["roots"]), "spool": Path(found["spool"])}
    if serving:
        words["networks"] = _networks(path, found.get("networks", []), loopback)
        words["landings"] = {centre: _landing(path, each) for centre, each in found.get("landings", {}).items()}
    return Options(**words)


def _networks(path: Path, given: list[object], loopback: bool) -> tuple[str, ...]:
    try:
        nets = [network(str(each)) for each in given]
    except ValueError as wrong:
        raise _wrong(path, f"networks无效：{wrong}", f"networks: {wrong}") from None
    if not loopback and any(is_loopback(each) for each in nets):
        raise _wrong(
            path, "networks不得含本机地址", "networks: this machine's own addresses are for demonstrations only"
        )
    return tuple(str(each) for each in nets)


def _landing(path: Path, given: object) -> dict[str, str]:
    """Read where data lands at a centre: a URL alone where the engine's machine has it under the URL's own path."""
    if isinstance(given, str):
        given = {"url": given}
    if not isinstance(given, dict) or not {"url"} <= set(given) <= {"url", "path"}:
        raise _wrong(path, "landings须为 中心: 网址", "landings: a centre has a URL, or {url, path}")
    url = str(given["url"]).rstrip("/")
    if "path" not in given and not url.startswith("file://"):
        raise _wrong(path, "landings须写明path", "landings: say the path at which the engine's machine has it")
    return {"url": url, "path": str(given.get("path") or url.removeprefix("file://")).rstrip("/")}


def _wrong(path: Path, zh: str, en: str) -> UnableToReadOptions:
    return UnableToReadOptions("OPTIONS_WRONG", zh, en, field=str(path))
