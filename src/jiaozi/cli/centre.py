"""``jiaozi centre``: what a computing centre puts beside its scheduler, and proof that it holds."""

from __future__ import annotations

import importlib
import json
import os
import pwd
from pathlib import Path
from typing import Annotated, Any

import typer

from jiaozi.kernel import signed
from jiaozi.kernel.refusal import Refused

app = typer.Typer(
    no_args_is_help=True, help="Connect a computing centre: its gate, and proof that it holds · 接入算力中心."
)
_install = typer.Typer(
    no_args_is_help=True, help="Write what the centre puts beside its scheduler · 生成闸门与限额文件."
)
app.add_typer(_install, name="install")


class UnableToInstall(Refused):
    """What was given does not make a gate."""


def _engine(name: str) -> Any:
    """Load a module of the Slurm engine by name: a face stands beside the engines, not above them."""
    return importlib.import_module(f"jiaozi.engines.slurm.{name}")


@_install.command()
def slurm(
    *,
    into: Annotated[Path, typer.Option(help="folder of slurm.conf, where the files are written")],
    cluster: Annotated[str, typer.Option(help="ClusterName of slurm.conf")],
    user: Annotated[str, typer.Option(help="account of the machine that the platform's jobs run as")],
    key: Annotated[Path, typer.Option(help="the platform's private permit key; made when it is not there")],
    account: Annotated[str, typer.Option(help="Slurm account that only the platform uses")] = "jiaozi",
    state: Annotated[Path, typer.Option(help="where the gate keeps spent permits")] = Path("/var/lib/jiaozi-gate"),
    owner: Annotated[str, typer.Option(help="SlurmUser, who writes there")] = "slurm",
    weight: Annotated[tuple[str, str], typer.Option(help="billing weights")] = ("CPU=1000", "GRES/gpu=1000"),
    core_hours: Annotated[int, typer.Option(min=0, help="the account's bound here, in core hours; 0: none")] = 0,
) -> None:
    """Write the job_submit gate, its hooks and key, and the sacctmgr commands; nothing is run."""
    installing, permit = _engine("installing"), _engine("permit")
    signed.make_key(key)
    gate = installing.Gate(
        cluster=cluster,
        folder=str(state.resolve()),
        uids=[_account(user).pw_uid],
        accounts=[account],
        user=user,
        public_key=permit.public_key(key),
        weights=dict(_weight(each) for each in weight),
        core_hours=core_hours,
    )
    written = installing.write(gate, into.resolve())
    slurm_user = _account(owner)
    if os.geteuid() == 0:
        for folder in (state, state / "used", state / "tmp"):
            os.chown(folder, slurm_user.pw_uid, slurm_user.pw_gid)
            folder.chmod(0o700)
    for path in written:
        typer.echo(path)
    typer.echo(
        f"next: sh {into}/jiaozi_associations.sh; include {into}/jiaozi_slurm.conf in slurm.conf; restart slurmctld;"
    )
    typer.echo("      then: jiaozi centre check · 然后运行 jiaozi centre check")
    if into.resolve() / "job_submit.lua" not in written:
        typer.echo(f"job_submit.lua is the centre's own and stays: add dofile('{into}/jiaozi_gate.lua'), and call")
        typer.echo(
            "jiaozi_submit(job, uid) and jiaozi_modify(job, record, uid) in it; each gives true to let it through"
        )


@app.command()
def check(
    *,
    options: Annotated[Path, typer.Option(help="the engine's options as a JSON file, as the catalogue has them")],
    resource_class: Annotated[str, typer.Option(help="class to try; the first one when left out")] = "",
    patience: Annotated[int, typer.Option(min=60, help="seconds that a job may wait and run")] = 300,
) -> None:
    """Prove on the live cluster: unfunded work is refused, overrunning work stops, small work is billed."""
    try:
        given = json.loads(options.read_text(encoding="utf-8"))
        engine = importlib.import_module("jiaozi.engines.slurm").connect(given)
    except (OSError, ValueError) as problem:
        raise UnableToInstall("OPTIONS_UNREADABLE", f"选项文件无效：{problem}", f"{problem}", field="options") from None
    if not engine.options.permit_key_file:
        raise UnableToInstall(
            "NO_PERMIT_KEY",
            "选项中缺少permit_key_file：没有许可就没有闸门可查",
            "the options have no permit_key_file: without permits there is no gate to prove",
            field="options",
        )
    failed = 0
    for found in _engine("checking").check(
        engine, resource_class or next(iter(engine.options.classes)), patience_s=patience
    ):
        failed += not found.well
        typer.echo(f"{'✓' if found.well else '✗'} {found.what_zh} · {found.what_en}: {found.found}")
    if failed:
        raise typer.Exit(1)


def _account(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise UnableToInstall(
            "ACCOUNT_UNKNOWN", f"本机没有账户{name}", f"this machine has no account {name}", field="user"
        ) from None


def _weight(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    if not name or not value.isdecimal() or int(value) < 1:
        raise UnableToInstall(
            "WEIGHT_TOO_SMALL",
            f"计费权重须为不小于1的整数，如CPU=1000，当前为{text}；小于1的会被Slurm舍为0",
            f"a weight is a whole number of at least 1, as CPU=1000, not {text}; Slurm rounds less than 1 to 0",
            field="weight",
        )
    return name, int(value)
