"""``jiaozi lease``: a holder's key and wishes, without any server; allowing and seeing leases, on one elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jiaozi.cli.server import asked, shown
from jiaozi.kernel import signed
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.refusal import Refused
from jiaozi.lease.rules import Wish, public_text, seal

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
KeyFile = Annotated[Path, typer.Option("--key", help="the holder's private key · 持券人私钥")]
_MS = 1000


class UnableToSign(Refused):
    """The holder's key or a file can't be read."""


@app.command()
def key(path: Annotated[Path, typer.Argument(help="the private key; made when it is not there")]) -> None:
    """Make the key that signs wishes, and print its public half · 生成密钥，输出公钥."""
    signed.make_key(path)
    typer.echo(public_text(_key(path).public_key()), nl=False)


@app.command()
def wish(
    command: Annotated[list[str], typer.Argument(help="program and arguments, after --")],
    *,
    key_file: KeyFile,
    lease: Annotated[UUID, typer.Option(help="the lease, as the wallet or the centre shows it")],
    resource_class: Annotated[str, typer.Option("--class")],
    units: int = 1,
    memory_mib: int = 1024,
    seconds: Annotated[int, typer.Option(help="time limit")] = 600,
    title: str = "local job",
    files: Annotated[list[Path] | None, typer.Option("--file", help="goes with the job, text")] = None,
) -> None:
    """Sign a job that a centre may run under a lease, and print it · 签署本地作业申请."""
    made = Wish(
        nonce=new_id(),
        lease=lease,
        title=title,
        resource_class=resource_class,
        units=units,
        memory_mib=memory_mib,
        time_limit_ms=seconds * _MS,
        command=tuple(command),
        files={path.name: _text(path) for path in files or ()},
    )
    typer.echo(seal(made.to_json(), _key(key_file)), nl=False)


@app.command()
def allow(context: typer.Context, voucher: str, *, key_file: KeyFile) -> None:
    """Let centres run jobs on a voucher that this key signs, without asking the platform · 开通本地额度."""
    with asked(context) as server:
        shown(server.allow_leases(voucher, {"key": public_text(_key(key_file).public_key())}))


@app.command()
def disallow(context: typer.Context, voucher: str) -> None:
    """Have no more leases of a voucher; those that are open are asked back · 关闭本地额度."""
    with asked(context) as server:
        shown(server.disallow_leases(voucher))


@app.command()
def show(context: typer.Context, voucher: str) -> None:
    """Show what of a voucher is set aside at which centre · 查看本地额度."""
    with asked(context) as server:
        shown(server.list_leases(voucher=voucher))


def _key(path: Path) -> Ed25519PrivateKey:
    try:
        return signed.private_key(path)
    except ValueError as problem:
        raise UnableToSign("KEY_UNREADABLE", f"读不到密钥：{problem}", f"no key: {problem}", field="key") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise UnableToSign("FILE_UNREADABLE", f"读不到文件：{problem}", f"no text: {problem}", field="file") from None
