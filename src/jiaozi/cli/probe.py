"""``jiaozi probe``: the network between two centres, measured and kept."""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from jiaozi.catalogue.rules.probing import UnableToProbe
from jiaozi.cli.house import opened
from jiaozi.kernel.clock import now
from jiaozi.party.rules import Actor, Role

app = typer.Typer(no_args_is_help=True, help="Measure the network between centres · 测量中心之间的网络.")
_Token = Annotated[Path, typer.Option(help="file with the token that both ends share, at least 16 bytes")]


def _wire() -> Any:
    """Load the wire by name: a face stands beside the engines, not above them."""
    return importlib.import_module("jiaozi.engines.probe")


@app.command()
def serve(
    *,
    token: _Token,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535)] = 7_461,
) -> None:
    """Answer probers who have the token, until stopped · 应答测量."""
    try:
        responder = _wire().Responder(host, port, _token(token))
    except OSError as problem:
        raise UnableToProbe(
            "PORT_TAKEN",
            f"无法监听 {host}:{port}：{problem}",
            f"can't listen on {host}:{port}: {problem}",
            field="port",
        ) from None
    with responder:
        typer.echo(f"listening on {host}:{responder.server_address[1]} · 正在监听")
        try:
            responder.serve_forever()
        except KeyboardInterrupt:
            typer.echo("ended · 已结束")


@app.command()
def measure(
    address: Annotated[str, typer.Argument(help="HOST:PORT of the responder")],
    *,
    token: _Token,
    mib: Annotated[int, typer.Option(min=0, max=256, help="MiB to move for the throughput; 0: don't")] = 16,
    between: Annotated[tuple[str, str], typer.Option(help="keep it as the link between these two centres")] = ("", ""),
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Time the round trip and the throughput to a responder; ``--between`` keeps them · 测量并登记."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise UnableToProbe(
            "ADDRESS_WRONG", f"{address!r} 应写成 主机:端口", f"{address!r} should be HOST:PORT", field="address"
        )
    found = _wire().measure(host, int(port), _token(token), moved_mib=mib)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        speed = "" if found.bandwidth_mbps is None else f", {found.bandwidth_mbps:,} Mbps"
        typer.echo(f"round trip {found.rtt_us / 1000:.3f} ms (least {found.rtt_least_us / 1000:.3f} ms){speed}")
    if all(between):
        with opened():
            services = importlib.import_module("jiaozi.catalogue.services")
            by = Actor("operator:cli", Role.OPERATOR)
            newest = services.record_probe(start=between[0], end=between[1], measured=found, by=by, now=now())
        typer.echo("kept · 已登记" if newest else "a newer measurement is there already · 已有更新的测量", err=as_json)


def _token(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise UnableToProbe(
                "TOKEN_READABLE",
                f"{path} 须仅本人可读（chmod 600）",
                f"others may read {path}: chmod 600",
                field="token",
            )
        return path.read_bytes().strip()
    except OSError as problem:
        raise UnableToProbe(
            "TOKEN_UNREADABLE", f"无法读取口令文件 {path}：{problem}", f"can't read {path}: {problem}", field="token"
        ) from None
