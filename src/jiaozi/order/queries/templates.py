"""Reading an organisation's templates; a list leaves out the jobs, which may be a megabyte each."""

from __future__ import annotations

from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.order.models import OrderTemplate
from jiaozi.order.queries.reading import ROWS_MAX
from jiaozi.order.rules.template import check_member
from jiaozi.party.rules import Actor


class UnableToFindTemplate(Refused):
    """No template has this id."""


def no_template(id: UUID) -> UnableToFindTemplate:  # noqa: A002 - the column's own name
    """Say that there is no such template."""
    return UnableToFindTemplate("NO_SUCH_TEMPLATE", f"没有模板{id}", f"no template {id}", field="template")


def template(id: UUID, by: Actor, *, lock: bool = False) -> OrderTemplate:  # noqa: A002 - the column's own name
    """Give one template to a member of its organisation, locked for a change where asked.

    Raises
    ------
    UnableToFindTemplate
        When there is none.
    UnableToKeepTemplate
        When it is another's.
    """
    rows = OrderTemplate.objects.select_for_update() if lock else OrderTemplate.objects.all()
    row = rows.filter(id=id).first()
    if row is None:
        raise no_template(id)
    check_member(by, row.organisation_id)
    return row


def templates(organisation: UUID, by: Actor, *, after: UUID | None = None, limit: int = 100) -> list[OrderTemplate]:
    """Give an organisation's templates in the order in which they were made, from after an id, to its members.

    Raises
    ------
    UnableToKeepTemplate
        For everybody else.
    """
    check_member(by, organisation)
    rows = OrderTemplate.objects.filter(organisation_id=organisation).defer("job")
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows.order_by("id")[: min(limit, ROWS_MAX)])


def count_templates(organisation: UUID) -> int:
    """Count an organisation's templates."""
    return OrderTemplate.objects.filter(organisation_id=organisation).count()
