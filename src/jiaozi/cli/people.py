"""``jiaozi people``: enrolling the first administrator, and whoever else must be let in without the console."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from jiaozi.cli.house import opened
from jiaozi.kernel.refusal import Refused

app = typer.Typer(no_args_is_help=True, add_completion=False)


class UnableToReadRole(Refused):
    """The role isn't one that a person can be."""


@app.command()
def grant(
    email: str,
    role: Annotated[str, typer.Argument(help="officer, finance, auditor, centre, operator or applicant")],
    *,
    name: Annotated[str, typer.Option(help="the person's name, needed the first time")] = "",
    programme: Annotated[str, typer.Option(help="for officer, finance, auditor; none means every one")] = "",
    centre: Annotated[str, typer.Option(help="for centre")] = "",
    organisation: Annotated[UUID | None, typer.Option(help="for applicant")] = None,
    administrator: Annotated[bool, typer.Option(help="may let others in where they act themselves")] = False,
    until: Annotated[datetime | None, typer.Option(help="last moment, local time")] = None,
) -> None:
    """Let a person be something, enrolling them where they are new; they set a password by letter · 授权."""
    with opened():
        from jiaozi.kernel import clock  # noqa: PLC0415 - needs Django, which was just set up
        from jiaozi.party import services as party  # noqa: PLC0415
        from jiaozi.party.rules import SYSTEM, Details, Grant  # noqa: PLC0415

        now = clock.now()
        wanted = Grant(
            role=_role(role),
            since_at=now,
            until_at=until.astimezone() if until else None,
            organisation=organisation,
            centre=centre,
            programme=programme,
            administrator=administrator,
        )
        row = party.let_in(details=Details(name or email, email), grant=wanted, by=SYSTEM, now=now)
    typer.echo(f"{row.id} {role} {email}")


@app.command()
def end(membership: UUID) -> None:
    """End a membership at once · 终止授权."""
    with opened():
        from jiaozi.kernel import clock  # noqa: PLC0415
        from jiaozi.party import services as party  # noqa: PLC0415
        from jiaozi.party.rules import SYSTEM  # noqa: PLC0415

        party.end_membership(membership_id=membership, by=SYSTEM, now=clock.now())
    typer.echo("ended")


@app.command()
def close(email: str) -> None:
    """Close an account: nobody signs in with it, every membership and token ends · 关闭账户."""
    with opened():
        from jiaozi.kernel import clock  # noqa: PLC0415
        from jiaozi.party import queries  # noqa: PLC0415
        from jiaozi.party import services as party  # noqa: PLC0415
        from jiaozi.party.rules import SYSTEM  # noqa: PLC0415

        person = queries.by_email(email)
        was_open = person is not None and party.close_person(person=person.id, by=SYSTEM, now=clock.now())
    typer.echo("closed" if was_open else "there is no open account with this address")


def _role(text: str) -> Any:
    from jiaozi.party.rules import Role  # noqa: PLC0415

    try:
        return Role(text.upper())
    except ValueError:
        right = ", ".join(role.value.lower() for role in Role if role is not Role.SYSTEM)
        wrong = UnableToReadRole("ROLE_UNKNOWN", f"身份须为：{right}", f"the role is one of: {right}", field="role")
        raise wrong from None
