"""The people behind the demo's acts: enrolled with well-known passwords that open nothing outside a demo."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from jiaozi.cli.demo.cast import Stage, person
from jiaozi.cli.demo.names import CENTRES, PROGRAMME
from jiaozi.cli.house import wiring
from jiaozi.kernel.label import Label
from jiaozi.party import services as party
from jiaozi.party.rules import DEMO_DOMAIN, SYSTEM, Details, Grant, Role

PASSWORD = "jiaozi-demo-only"  # noqa: S105 - printed for everybody; a demo's addresses sign in nowhere else
SHOWN_APPLICANTS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody of the house or of a centre: the key of the demo's acts, a name, a role."""

    key: str
    name: str
    role: Role
    does: Label
    centre: str = ""
    heads: bool = False


_CLERK = Label("报价、计量、对账", "offers, meters, claims")
_CASHIER = Label("支付，不能支付自己批准的", "pays, never what the same person approved")
PARTS = (
    Part("officer", "演示·经办李敏", Role.OFFICER, Label("审核、公示、发券", "reviews, gives notice, issues")),
    Part("finance", "演示·财政赵启", Role.FINANCE, Label("批预算、批结算单", "approves budget and statements")),
    Part("cashier", "演示·财政钱宁", Role.FINANCE, _CASHIER),
    Part("operator", "演示·运营陈放", Role.OPERATOR, Label("关账、对账、授权", "closes, matches, grants"), heads=True),
    Part("auditor", "演示·审计孙正", Role.AUDITOR, Label("查阅一切，不能改动", "reads everything, changes nothing")),
    *(
        Part(f"centre-{centre}", f"演示·中心{clerk}", Role.CENTRE, _CLERK, centre=centre, heads=True)
        for centre, clerk in zip(CENTRES, ("吴工", "周工"), strict=True)
    ),
)


def enrol_house(stage: Stage) -> None:
    """Enrol those who run the programme and the centres' clerks, before the first act."""
    at = stage.diary.opened
    for part in PARTS:
        details = Details(part.name, address(part.key))
        id_ = person(part.key)
        party.enrol(details=details, by=SYSTEM, now=at, password=PASSWORD, verified=True, id=id_)
        programme = PROGRAMME if part.role in {Role.OFFICER, Role.FINANCE, Role.AUDITOR} else ""
        grant = Grant(role=part.role, since_at=at, centre=part.centre, programme=programme, administrator=part.heads)
        party.grant(person=id_, grant=grant, by=SYSTEM, now=at)


def enrol_applicants(stage: Stage) -> None:
    """Enrol a person for every holder; the first few have a password, the rest would ask for one by their address."""
    at = stage.diary.opened
    for number, holder in enumerate(stage.shown_holders(), 1):
        key = str(holder.id)
        details = Details(f"演示·申领人{number}", address(f"applicant-{number}"))
        password = PASSWORD if number <= SHOWN_APPLICANTS else None
        party.enrol(details=details, by=SYSTEM, now=at, password=password, verified=True, id=person(key))
        grant = Grant(role=Role.APPLICANT, since_at=at, organisation=holder.id, administrator=True)
        party.grant(person=person(key), grant=grant, by=SYSTEM, now=at)


def address(key: str) -> str:
    """Give the address that a part of the demo signs in with."""
    return f"{key}@{DEMO_DOMAIN}"


def show(stage: Stage, console: Console) -> None:
    """Print one sign-in a role, and keep the list beside the demo's data."""
    rows = [(part.role.label, part.does, address(part.key)) for part in PARTS]
    for number, holder in enumerate(stage.shown_holders()[:SHOWN_APPLICANTS], 1):
        holds = Label(f"{holder.name}：用券、下单", f"{holder.name}: spends, orders")
        rows.append((Role.APPLICANT.label, holds, address(f"applicant-{number}")))
    table = Table(title="登录 · sign-ins（仅限演示 · for this demonstration only）", title_justify="left")
    for heading in ("身份 role", "能做什么 does", "邮箱 address"):
        table.add_column(heading, overflow="fold")
    for role, does, mail in rows:
        table.add_row(str(role), str(does), mail)
    console.print(table)
    settings = wiring("environment").environment()
    where = f"http://{settings.host if settings.host != '127.0.0.1' else 'localhost'}:{settings.port}/sign-in/login/"
    console.print(f"  演示密码（全部相同）· demo password, the same for all: [bold]{PASSWORD}[/] · {where}")
    lines = [f"{mail}\t{PASSWORD}\t{role}\t{does}" for role, does, mail in rows]
    settings.folder("sign-ins.txt").write_text("\n".join([where, *lines]) + "\n", encoding="utf-8")
