"""The maps that an import reads from YAML: which voucher an account stands for, which class a partition is."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from jiaozi.kernel.refusal import Refused

MAP_BYTES_MAX = 4_000_000


class UnableToReadAccounts(Refused):
    """A map, or what the command was told about it, is not what it must be."""


def accounts(path: Path | None, *, programme: str, spread: bool, needed: bool) -> dict[str, UUID] | None:
    """Read the map of accounts, or say that they are to be dealt; none at all where every record may name an order."""
    none_given = path is None and not spread
    if (path is not None and spread) or (none_given and (needed or programme)):
        raise UnableToReadAccounts(
            "ACCOUNTS_MISSING",
            "须指定 --accounts 文件，或在演示中用 --spread，二者取一",
            "give --accounts FILE, or --spread in a demonstration, and not both",
            field="--accounts",
        )
    if not none_given and not programme:
        raise UnableToReadAccounts(
            "PROGRAMME_MISSING",
            "由算力券支付的，须以 --programme 指明项目",
            "say by --programme whose vouchers pay",
            field="--programme",
        )
    if path is None:
        return None if spread else {}
    return {account: _voucher(path, account, voucher) for account, voucher in _map(path, "62: 0190…").items()}


def classes(path: Path | None) -> dict[str, tuple[str, ...]]:
    """Read which resource classes the centre's own names stand for: a partition may serve several."""
    if path is None:
        return {}
    found = {}
    for name, said in _map(path, "gpu-a100: [gpu-a100]").items():
        codes = said if isinstance(said, list) else [said]
        if not codes or not all(isinstance(code, str) and code for code in codes):
            raise UnableToReadAccounts(
                "NO_CLASS", f"{name}应对应资源类编号", f"{name} must stand for resource classes", field=str(path)
            )
        found[name] = tuple(codes)
    return found


def _map(path: Path, example: str) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAP_BYTES_MAX:
            raise UnableToReadAccounts(
                "FILE_TOO_LARGE", "文件超过 4 MB", "the file is larger than 4 MB", field=str(path)
            )
        found = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
        raise UnableToReadAccounts(
            "FILE_UNREADABLE", f"无法读取：{why}", f"can't be read: {why}", field=str(path)
        ) from wrong
    except (YAMLError, UnicodeDecodeError) as wrong:
        why = str(wrong).splitlines()[0]
        raise UnableToReadAccounts(
            "NO_YAML", f"不是合格的 YAML：{why}", f"no proper YAML: {why}", field=str(path)
        ) from wrong
    if not isinstance(found, dict):
        raise UnableToReadAccounts(
            "NO_MAP", f"应为对照表，如 {example}", f"must be a map, such as {example}", field=str(path)
        )
    return {str(name): said for name, said in found.items()}


def _voucher(path: Path, user: str, voucher: object) -> UUID:
    try:
        return UUID(str(voucher))
    except ValueError:
        raise UnableToReadAccounts(
            "NO_VOUCHER_ID",
            f"用户{user}：{voucher!r}不是算力券编号",
            f"user {user}: {voucher!r} is no voucher's id",
            field=str(path),
        ) from None
