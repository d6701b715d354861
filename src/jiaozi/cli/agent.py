"""``jiaozi agent``: what a centre behind a firewall runs, so that the platform need not reach it."""

from __future__ import annotations

import importlib
import json
import logging
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from jiaozi.cli.house import wiring
from jiaozi.kernel import clock, signed
from jiaozi.kernel.refusal import Refused

app = typer.Typer(no_args_is_help=True, help="Run a centre's agent, which asks the platform for work · 运行中心代理.")
_OPTIONS = ("centre", "platform_url", "engine", "engine_options", "spool", "key_file", "platform_key_file")


class UnableToRunAgent(Refused):
    """The agent's options are not what they should be."""


def _part(name: str) -> Any:
    """Load a module of the agent by name: a face stands beside the engines, not above them."""
    return importlib.import_module(f"jiaozi.engines.agent.{name}")


@app.command()
def key(path: Annotated[Path, typer.Argument(help="the private key; made when it is not there")]) -> None:
    """Make this side's key, and print its public half for the other side · 生成密钥，输出公钥."""
    envelope = _part("envelope")
    signed.make_key(path)
    typer.echo(envelope.public_half(path).decode(), nl=False)


@app.command()
def run(
    *,
    options: Annotated[Path, typer.Option(help="JSON file; docs/operating/agent.md lists what is in it")],
    every: Annotated[float, typer.Option(min=0.1, help="seconds between two rounds")] = 5.0,
    once: Annotated[bool, typer.Option(help="do one round; exit status 1 if the platform was not reached")] = False,
) -> None:
    """Do round after round until it is stopped · 持续运行."""
    given = _read(options)
    with _part("spool").alone(Path(given["spool"])) as mine:
        if not mine:
            raise UnableToRunAgent(
                "AGENT_RUNS",
                f"已有一个代理进程在使用{given['spool']}，请先停止它",
                f"another agent process works with {given['spool']}: stop that one first",
                field="spool",
            )
        agent = _made(given)
        if once:
            raise typer.Exit(0 if agent.step() else 1)
        _go_on(agent, every)


def _go_on(agent: Any, every: float) -> None:
    """Do rounds until the process is ended; what goes wrong is logged as JSON lines, to standard error."""
    wiring("logs").configure(logging.WARNING)
    stop = threading.Event()
    reached = True
    while not stop.wait(every):
        now = agent.step()
        if now != reached:
            typer.echo("platform reached" if now else "platform not reached; work goes on, reports are kept", err=True)
        reached = now


def _read(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in _OPTIONS if name not in given]
    except (OSError, ValueError, TypeError) as problem:
        raise UnableToRunAgent("OPTIONS_UNREADABLE", f"读不到选项文件：{problem}", f"no options: {problem}") from None
    if missing:
        raise UnableToRunAgent(
            "OPTION_MISSING", f"缺少选项：{missing[0]}", f"the option {missing[0]} is missing", field=missing[0]
        )
    return dict(given)


def _made(given: dict[str, Any]) -> Any:
    envelope, runner = _part("envelope"), _part("runner")
    line = _part("link").Line(
        me=f"agent:{given['centre']}",
        other="platform",
        centre=given["centre"],
        key=envelope.private_key(given["key_file"]),
        other_key=envelope.public_key(given["platform_key_file"]),
    )
    try:
        engine = importlib.import_module(f"jiaozi.engines.{given['engine']}").connect(given["engine_options"])
    except (ImportError, ValueError) as problem:
        raise UnableToRunAgent(
            "OPTION_WRONG", f"引擎选项有误：{problem}", str(problem), field="engine_options"
        ) from None
    carry = _part("http").Https(given["platform_url"], ca_file=given.get("ca_file", ""))
    return runner.Agent(line, _part("spool").Spool(Path(given["spool"])), engine, carry)


@app.command()
def submit(
    wish: Annotated[Path, typer.Argument(help="the job as its holder signed it (`jiaozi lease wish`)")],
    *,
    options: Annotated[Path, typer.Option(help="the agent's options")],
) -> None:
    """Run a job under a lease, whether the platform can be reached or not · 凭本地额度提交作业."""
    agent = _made(_read(options))
    try:
        text = wish.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise UnableToRunAgent(
            "WISH_UNREADABLE", f"读不到申请：{problem}", f"no wish: {problem}", field="wish"
        ) from None
    order, priced = _part("leases").admit_job(agent.line, agent.spool, text, clock.now())
    said = {"order": str(order), "voucher_fen": priced.voucher_fen, "own_fen": priced.own_fen}
    typer.echo(json.dumps(said))


@app.command("leases")
def leases_here(
    *,
    options: Annotated[Path, typer.Option(help="the agent's options")],
) -> None:
    """Show the leases here, and what is left of each · 查看本中心的额度."""
    agent = _made(_read(options))
    found = [
        {
            "lease": str(letter.lease),
            "voucher": str(letter.voucher),
            "voucher_left_fen": 0 if over else letter.voucher_fen - spent.voucher_fen,
            "own_left_fen": 0 if over else letter.own_fen - spent.own_fen,
            "ends_at": letter.ends_at.isoformat(),
            "given_back": over,
            "classes": [each.resource_class for each in letter.prices],
        }
        for letter, spent, over in _part("leases").standing(agent.line, agent.spool)
    ]
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
