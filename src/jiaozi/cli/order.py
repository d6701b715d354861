"""``jiaozi order``: the orders of a server elsewhere, from the quote to the log."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.server import UnableToAsk, asked, shown
from jiaozi.client import every
from jiaozi.client.shapes import AccessShape, NewOrder
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import new_id

ID_WIDTH = 36
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


class Kind(StrEnum):
    """What an order runs."""

    BATCH = "batch"
    SESSION = "session"


class Opened(StrEnum):
    """What a session opens."""

    JUPYTERLAB = "jupyterlab"
    SSH = "ssh"


OPENS: dict[Opened, Literal["JUPYTERLAB", "SSH"]] = {Opened.JUPYTERLAB: "JUPYTERLAB", Opened.SSH: "SSH"}


def _key(path: Path | None) -> str:
    if path is None:
        raise UnableToAsk(
            "KEY_MISSING",
            "请用--key指明公钥文件，如~/.ssh/id_ed25519.pub",
            "name your public key's file by --key, such as ~/.ssh/id_ed25519.pub",
            field="--key",
        )
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UnableToAsk(
            "KEY_UNREADABLE", f"读不到公钥：{problem}", f"the key can't be read: {problem}", field="--key"
        ) from None


@app.command("list")
def list_orders(
    context: typer.Context,
    *,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="as many at most · 最多")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="everything as JSON")] = False,
) -> None:
    """List orders, the latest first · 列出订单."""
    with asked(context) as server:
        found = list(islice(every(server.list_orders, limit=min(most, 100)), most))
    if as_json:
        shown(found)
        return
    table = Table()
    table.add_column("order · 订单", min_width=ID_WIDTH, no_wrap=True)
    for name in ("title · 名称", "centre · 中心", "state · 状态", "at most · 最高价", "cost · 实价"):
        table.add_column(name)
    for each in found:
        cost = yuan(each["price_fen"]) if each["price_fen"] is not None else "-"
        table.add_row(each["id"], escape(each["title"]), each["centre"], each["state"], yuan(each["most_fen"]), cost)
    Console(soft_wrap=True, highlight=False).print(table)


@app.command()
def place(
    context: typer.Context,
    command: Annotated[list[str] | None, typer.Argument(help="the program and its arguments, after -- · 命令")] = None,
    *,
    voucher: Annotated[str, typer.Option(help="who pays its share · 算力券")],
    centre: Annotated[str, typer.Option(help="where; dispatch's best place without it · 算力中心")] = "",
    resource: Annotated[str, typer.Option(help="which kind of compute · 资源")] = "cpu-core",
    units: Annotated[int, typer.Option(min=1)] = 1,
    memory_mib: Annotated[int, typer.Option(min=1)] = 1024,
    minutes: Annotated[int, typer.Option(min=1, help="the time limit, which the hold covers · 时限")] = 60,
    title: str = "jiaozi order place",
    kind: Annotated[Kind, typer.Option(help="a batch job, or a session to work in · 作业或交互会话")] = Kind.BATCH,
    opens: Annotated[Opened, typer.Option(help="what a session opens · 会话打开什么")] = Opened.JUPYTERLAB,
    key: Annotated[Path | None, typer.Option(help="for ssh: the file of your public key · 公钥文件")] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="NAME=URL=BYTES[=SHA256], as often as needed · 输入数据")
    ] = None,
    outputs: Annotated[list[str] | None, typer.Option("--output", help="NAME=URL=BYTES at most · 结果数据")] = None,
    data_at: Annotated[str, typer.Option(help="where the data lies · 数据所在地")] = "",
    deadline: Annotated[str, typer.Option(help="done by, with its zone · 截止时间")] = "",
    latest_start: Annotated[str, typer.Option(help="begun by, with its zone · 最晚开始")] = "",
    tier: Annotated[str, typer.Option(help="CITY, METRO, CHENGYU, NATIONAL: its places first · 优先层级")] = "",
    residency: Annotated[str, typer.Option(help="the outermost tier for the data · 数据可达层级")] = "",
    hold: Annotated[bool, typer.Option(help="place it; --no-hold only quotes · 下单")] = True,
) -> None:
    """Price a job or a session at a centre, and place it · 报价并下单."""
    wanted: NewOrder = {
        "voucher": voucher,
        "title": title,
        "centre": centre,
        "resource_class": resource,
        "units": units,
        "memory_mib": memory_mib,
        "time_limit_ms": minutes * 60_000,
        "command": command or [],
    }
    if kind is Kind.SESSION:
        wanted["session"] = {"opens": OPENS[opens], "authorized_key": _key(key) if opens is Opened.SSH else ""}
    given: dict[str, Any] = {
        "data_at": data_at,
        "deadline": deadline,
        "latest_start": latest_start,
        "tier": tier,
        "residency": residency,
        "inputs": [_file(text) for text in inputs or []],
        "outputs": [_file(text) for text in outputs or []],
    }
    wishes = {name: value for name, value in given.items() if value}
    if wishes:
        wanted["wishes"] = wishes  # type: ignore[typeddict-item]
    with asked(context) as server:
        quoted = server.quote_order(wanted)
        shown(server.hold_order(quoted["id"]) if hold else quoted)


def _file(text: str) -> dict[str, Any]:
    """Read NAME=URL=BYTES[=SHA256]; a URL may have no = in it."""
    name, url, size, digest, *more = [*text.split("="), "", "", "", ""]
    if not (name and url and size.isascii() and size.isdigit()) or any(more[:-3]):
        raise typer.BadParameter(f"{text!r}: NAME=URL=BYTES[=SHA256] · 名称=网址=字节数[=校验和]")
    return {"name": name, "url": url, "size_bytes": int(size), **({"sha256": digest} if digest else {})}


@app.command()
def show(context: typer.Context, order: str) -> None:
    """Show where an order stands, what it costs, and how far its data is · 查看订单."""
    with asked(context) as server:
        found = server.get_order(order)
    shown(found)
    for each in found["data"]:
        whole = each["size"] or each["size_max"]
        line = f"{each['direction']} {each['name']}: {each['state']} {each['there_bytes']:,} / {whole:,} bytes"
        Console(stderr=True, soft_wrap=True, highlight=False).print(escape(line))


@app.command()
def cancel(context: typer.Context, order: str) -> None:
    """Cancel an order · 取消订单."""
    with asked(context) as server:
        shown(server.cancel_order(order))


@app.command()
def log(context: typer.Context, order: str) -> None:
    """Print the end of a job's log · 查看日志."""
    with asked(context) as server:
        typer.echo(server.get_order_log(order)["text"])


@app.command()
def extend(
    context: typer.Context,
    order: str,
    *,
    minutes: Annotated[int, typer.Option(min=1, help="how much longer · 延长多少分钟")],
    hold: Annotated[bool, typer.Option(help="extend it; --no-hold only prices · 延长")] = True,
) -> None:
    """Price more time of a running session, hold for it, and have the limit raised · 延长会话."""
    adds_ms = minutes * 60_000
    with asked(context) as server:
        if not hold:
            shown(server.price_extension(order, adds_ms=adds_ms))
            return
        shown(server.extend_order(order, {"id": str(new_id()), "adds_ms": adds_ms}))


@app.command()
def session(context: typer.Context, order: str) -> None:
    """Show what is left of a session: time and money, its extensions, its saved files · 查看会话."""
    with asked(context) as server:
        shown(server.get_session(order))


@app.command("open")
def open_session(context: typer.Context, order: str) -> None:
    """Show the way into your running session; who reads it can use it · 显示会话的访问方式."""
    with asked(context) as server:
        found = server.get_access(order)
    for line in ways_in(found):
        typer.echo(line)


def ways_in(found: AccessShape) -> list[str]:
    """Give the words to type: at the node itself, and from elsewhere by a tunnel."""
    host, port = found["host"], found["port"]
    far = f"ssh -L {port}:{host}:{port} {found['node']}"
    if found["opens"] == "SSH":
        return [
            f"known_hosts: [{host}]:{port} {found['host_key']}",
            f"ssh -p {port} {found['user']}@{host}",
            f"from elsewhere · 从别处先建隧道: {far}",
        ]
    return [f"http://{host}:{port}/lab?token={found['token']}", f"from elsewhere · 从别处先建隧道: {far}"]
