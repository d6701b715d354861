"""``jiaozi api``: the API's document, a token for a person, a token for a person of this house."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from jiaozi.cli.house import opened, wiring

app = typer.Typer(
    no_args_is_help=True, help="The API: its document, tokens · 接口文档与令牌", pretty_exceptions_enable=False
)


@app.command()
def schema() -> None:
    """Print the OpenAPI document; needs no running server and no database · 输出接口文档."""
    wiring("boot").set_up()
    typer.echo(json.dumps(wiring("openapi").document(), ensure_ascii=False, indent=1))


@app.command()
def token(
    email: str,
    *,
    scope: Annotated[list[str] | None, typer.Option(help="what it may do; READ without it · 权限")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="how long it lasts · 有效天数")] = 30,
    label: Annotated[str, typer.Option(help="a name to know it by · 名称")] = "jiaozi api token",
    membership: Annotated[str, typer.Option(help="which membership, where there are several · 身份")] = "",
) -> None:
    """Issue a token for a person of this machine's own house; its text is shown this once · 签发令牌."""
    with opened():
        made = wiring("tokens").issue(email, scopes=scope or ["READ"], days=days, label=label, membership=membership)
        typer.echo(made)
