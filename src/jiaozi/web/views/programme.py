"""Which programme a page is about, and what its document says in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.conf import settings

from jiaozi.kernel.label import Label
from jiaozi.policy import queries as policy
from jiaozi.policy import rules
from jiaozi.policy.rules import Measure, Per, Subject

_YEARS_CEILING = (Measure.ISSUED, Per.CALENDAR_YEAR, Subject.PROGRAMME)


@dataclass(frozen=True)
class Shown:
    """A programme version with its compiled document, as pages show it."""

    version: Any
    document: rules.Document
    on: date

    @property
    def slug(self) -> str:
        """The programme's name in addresses and books."""
        return self.document.slug

    @property
    def text(self) -> Any:
        """The document's parts, for templates."""
        return self.document.programme

    @property
    def short_version(self) -> str:
        """The first characters of the text's digest, enough to tell versions apart."""
        return str(self.version.digest[:12])

    @cached_property
    def clauses(self) -> dict[str, Label]:
        """Every clause's name by its id."""
        return {clause.id: clause.label for clause in self.text.clauses}

    @property
    def year_caps(self) -> list[Any]:
        """The ceilings on what is issued in a year, with their sources."""
        caps = self.text.caps.values()
        return [cap for cap in caps if (cap.measures, cap.per, cap.subject) == _YEARS_CEILING]

    @property
    def reserve_terms(self) -> list[tuple[Label, Any, Any]]:
        """The reserve's size and trigger: label, figure, and the parameter that holds it where one does."""
        reserve = self.text.reserve
        if reserve is None:
            return []
        figures = (
            (Label("规模", "Size"), reserve.size),
            (Label("补足触发余额", "Topped up below"), reserve.trigger),
        )
        return [(label, figure, self.text.parameters.get(figure.parameter)) for label, figure in figures]

    @cached_property
    def parameters(self) -> list[Any]:
        """Every parameter, the unpublished ones first."""
        return sorted(self.text.parameters.values(), key=lambda parameter: not parameter.unpublished)

    @property
    def unpublished(self) -> int:
        """How many parameters the city has not published."""
        return sum(parameter.unpublished for parameter in self.parameters)


def shown(on: date) -> Shown:
    """Give the version in force on a Shanghai date.

    Raises
    ------
    UnableToFindProgramme
        When there is none.
    """
    version = policy.current(settings.JIAOZI_PROGRAMME, on)
    return Shown(version, policy.document(version.id), on)
