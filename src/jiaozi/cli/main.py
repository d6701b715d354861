"""The command ``jiaozi``: a few verbs of its own, and rooms of commands that are loaded only when they are called."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from jiaozi.cli.house import wiring
from jiaozi.kernel.refusal import Refused

_ROOMS = {
    "agent": "run the agent of a centre behind a firewall · 运行防火墙后中心的代理",
    "api": "the API: its document, tokens · 接口文档与令牌",
    "audit": "check that every book balances; exit status 1 and the offending rows if one does not · 核对全部账目",
    "centre": "connect a computing centre: its gate, and proof that it holds · 接入算力中心",
    "data": "move a file between places, whole and checked · 数据传输",
    "demo": "one voucher's whole life, as a story with figures · 演示一张算力券的全过程",
    "dispatch": "plan many requests at once, replay a trace · 调度规划与回放",
    "exchange": "clear a book of bids and asks; open, close, clear and replay sessions · 算力交易",
    "lab": "try a policy before it is law · 政策推演",
    "lease": "what centres may spend of a voucher without asking: key, wishes, consent · 本地额度",
    "people": "let the first administrator in, and end memberships · 人员与授权",
    "probe": "measure the network between centres · 测量中心之间的网络",
    "order": "orders of a server elsewhere: list, show, place, cancel, log · 远程订单",
    "policy": "check, decide by and explain a programme's document · 校验、试算、解释政策文件",
    "statement": "list statements, export one as CSV, Excel, FOCUS or PDF · 列出、导出结算单",
    "usage": "import usage records, decide on what stands still · 导入用量、裁定待决用量",
    "verify": "prove a download of the open data by itself, offline · 离线核验开放数据",
    "voucher": "vouchers of a server elsewhere: list, show, statement · 远程算力券",
}
"""Command → what it does. Each is a module ``jiaozi.cli.<name>`` with a Typer ``app``."""


class _Lazy(TyperGroup):
    """Lists every room, loads the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        rooms = [name for name in _ROOMS if importlib.util.find_spec(f"jiaozi.cli.{name}")]
        return sorted([*super().list_commands(ctx), *rooms])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _ROOMS or cmd_name not in self.list_commands(ctx):
            return super().get_command(ctx, cmd_name)
        if "--help" in sys.argv[1:2]:  # the list of commands needs their names alone
            return typer.core.TyperCommand(name=cmd_name, help=_ROOMS[cmd_name], callback=lambda: None)
        command = typer.main.get_command(importlib.import_module(f"jiaozi.cli.{cmd_name}").app)
        command.help = command.help or _ROOMS[cmd_name]
        return command


app = typer.Typer(
    cls=_Lazy,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Jiaozi 交子: a city's compute vouchers.",
)


@app.callback()
def everywhere(
    context: typer.Context,
    server: Annotated[
        str, typer.Option(envvar="JIAOZI_SERVER", help="a server elsewhere, for voucher and order · 服务地址")
    ] = "",
    token: Annotated[str, typer.Option(envvar="JIAOZI_TOKEN", help="a token of that server · 令牌")] = "",
) -> None:
    """Jiaozi 交子: a city's compute vouchers."""
    context.obj = {"server": server, "token": token}


@app.command()
def up(host: str = "", port: int = 0) -> None:
    """Run the service: database, web and worker · 启动服务."""
    wiring("up").run(host, port)


@app.command()
def down(
    purge: bool = typer.Option(default=False, help="also remove the embedded database with all that it holds"),
) -> None:
    """End the service and the embedded database · 停止服务."""
    project = wiring("environment").environment()
    postgres = wiring("postgres")
    here = postgres.location(project.folder("postgres"))
    ended = wiring("up").end_other()
    daemons = importlib.import_module("jiaozi.cli.demo.slurm.daemons")
    ended |= daemons.end_noted(daemons.note(project.folder()))  # what a demo that was killed left
    stopped = postgres.stop(here)
    if purge:
        postgres.purge(here)
    typer.echo("ended" if ended or stopped else "nothing was running")


@app.command()
def migrate() -> None:
    """Bring the database up to this version · 升级数据库."""
    boot = wiring("boot")
    with boot.running_database():
        boot.set_up()
        wiring("migrate").prepare()
    typer.echo("the database is up to date")


@app.command()
def health() -> None:
    """Say whether the service can do its work; exit status 1 when not · 健康检查."""
    wiring("boot").set_up()
    found = wiring("health").look()
    typer.echo(json.dumps(found.body(), ensure_ascii=False))
    if not found.well:
        raise typer.Exit(1)


def run() -> None:
    """Be the program: a refusal is one line, in both languages, and exit status 1."""
    try:
        app()
    except Refused as refusal:
        typer.echo(f"jiaozi: {refusal}\n        {refusal.in_language('zh')}", err=True)
        sys.exit(1)
