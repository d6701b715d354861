"""The server elsewhere that some commands ask, through the typed client; nothing of this machine's house is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from jiaozi.client import Client, Problem, UnableToReach
from jiaozi.kernel.refusal import Refused


class UnableToAsk(Refused):
    """No server is named, it can't be reached, or it refused."""


@contextmanager
def asked(context: typer.Context) -> Iterator[Client]:
    """Hold a client of the server that ``--server`` names open; its refusals become this program's.

    Raises
    ------
    UnableToAsk
        With the server's own words.
    """
    told = context.find_root().obj or {}
    if not told.get("server"):
        raise UnableToAsk(
            "SERVER_MISSING",
            "请用 --server 或 JIAOZI_SERVER 指明服务地址",
            "name the server by --server or JIAOZI_SERVER",
            field="--server",
        )
    try:
        with Client(told["server"], told["token"], language="en") as client:
            yield client
    except Problem as problem:
        raise UnableToAsk(problem.code, problem.detail, problem.detail, field=problem.field) from None
    except UnableToReach as failed:
        raise UnableToAsk(
            "UNREACHABLE", f"无法连接：{failed}", f"can't be reached: {failed}", field="--server"
        ) from None


def shown(found: Any) -> None:
    """Print what a server answered, for programs."""
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
