"""The catalogue: hubs, centres, kinds of compute, offers, prices, the network; and probes of it, which centres push."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from django.conf import settings
from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.shape import Instant, Name, Shape, Wish, id_of, one_of
from jiaozi.catalogue import queries
from jiaozi.catalogue import services as catalogue
from jiaozi.catalogue.rules import Proposal, Tier
from jiaozi.catalogue.rules.pricing import SOURCE_MAX
from jiaozi.catalogue.rules.probing import Measured
from jiaozi.kernel import clock
from jiaozi.kernel.fen import FEN_MAX
from jiaozi.party.rules import Scope

router = Router(tags=["catalogue"])
TierName = Annotated[Tier, one_of(Tier)]
Count = Annotated[int, Field(ge=1, le=10**9)]


class Sourced(Shape):
    """Every figure of the catalogue says where it is from; a demo value says that it is one."""

    source: str
    grade: str
    demo: bool


class HubShape(Sourced):
    """A national hub."""

    id: str
    name_zh: str
    name_en: str


class CentreShape(Sourced):
    """A computing centre."""

    id: str
    name_zh: str
    name_en: str
    tier: str
    kind: str
    city_zh: str
    city_en: str
    hub: str = id_of("hub")
    cluster: str | None = id_of("cluster")
    operator: str
    connected: bool


class ClassShape(Sourced):
    """A kind of compute."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    unit: str
    card_model: str
    memory_gb: int | None


class OfferShape(Sourced):
    """What a centre offers of a kind of compute."""

    centre: str = id_of("centre")
    resource_class: str = id_of("resource_class")
    units: int
    time_limit_max_s: int


class TariffShape(Shape):
    """A price: micro-fen for one unit and hour, with its author and its end."""

    id: UUID
    centre: str
    resource_class: str
    unit: str
    customer_class: str = Field(description="a holder class; empty for anyone")
    version: int
    rate_ufen: int
    valid_from: datetime
    valid_until: datetime | None
    rounding: str
    minimum_fen: int
    granularity_ms: int
    source: str
    demo: bool
    author: str


class LinkShape(Sourced):
    """How two centres are linked."""

    start: str = id_of("start")
    end: str = id_of("end")
    rtt_us: int | None
    bandwidth_mbps: int | None
    price_per_gb_ufen: int | None


class Hubs(Shape):
    """All hubs."""

    items: list[HubShape]


class Centres(Shape):
    """All centres."""

    items: list[CentreShape]


class Classes(Shape):
    """All kinds of compute."""

    items: list[ClassShape]


class Offers(Shape):
    """What one centre offers."""

    items: list[OfferShape]


class Tariffs(Shape):
    """Prices that hold at an instant."""

    at: datetime
    items: list[TariffShape]


class TariffVersions(Shape):
    """Every version of a centre's prices."""

    items: list[TariffShape]


class RepricingShape(Shape):
    """What publishing a price does: the new version, the newest before it, and whether that one gets its end by it."""

    added: TariffShape
    before: TariffShape | None
    ends: bool


class TariffWish(Wish):
    """A price that a centre wants to publish."""

    resource_class: Name
    customer_class: Name = Field("", description="a holder class; empty for anyone")
    rate_ufen: Annotated[int, Field(ge=0, le=FEN_MAX, description="micro-fen for one unit and hour")]
    minimum_fen: Annotated[int | None, Field(ge=0, le=FEN_MAX)] = Field(
        None, description="least price of one order; as before without it"
    )
    from_date: date | None = Field(None, description="first Asia/Shanghai day; at once without it, and today")
    until_date: date | None = Field(None, description="first day without it; until a later version without it")
    source: Annotated[str, Field(min_length=1, max_length=SOURCE_MAX, description="the announcement that it rests on")]
    over: Annotated[int | None, Field(ge=0, le=10**6)] = Field(
        None, description="the version that you saw last, 0 for none: refused if there is another by now"
    )


class Links(Shape):
    """All links."""

    items: list[LinkShape]


class ProbeWish(Wish):
    """What was measured between two centres."""

    start: Name
    end: Name
    rtt_us: Count
    rtt_least_us: Count
    bandwidth_mbps: Count | None = None
    echoes: Count


class Kept(Shape):
    """Whether these are the link's newest figures now."""

    newest: bool


@reads(router, "/hubs", Hubs, public=True)
def list_hubs(request: Asked) -> Hubs:  # noqa: ARG001 - an operation gets it
    """The national hubs."""
    return Hubs(items=[HubShape.model_validate(row) for row in queries.hubs()])


@reads(router, "/centres", Centres, public=True)
def list_centres(request: Asked, tier: TierName | None = None, connected: bool | None = None) -> Centres:  # noqa: ARG001
    """The computing centres, of one tier or connected ones where asked."""
    rows = queries.centres(tier=tier, connected=connected)
    return Centres(items=[CentreShape.model_validate(row) for row in rows])


@reads(router, "/centres/{centre}", CentreShape, public=True)
def get_centre(request: Asked, centre: Name) -> CentreShape:  # noqa: ARG001 - an operation gets it
    """One centre."""
    return CentreShape.model_validate(queries.centre(centre))


@reads(router, "/centres/{centre}/offers", Offers, public=True)
def list_offers(request: Asked, centre: Name) -> Offers:  # noqa: ARG001 - an operation gets it
    """What a centre offers."""
    return Offers(items=[OfferShape.model_validate(row) for row in queries.offers_for(centre)])


@reads(router, "/resource-classes", Classes, public=True)
def list_resource_classes(request: Asked) -> Classes:  # noqa: ARG001 - an operation gets it
    """The kinds of compute."""
    return Classes(items=[ClassShape.model_validate(row) for row in queries.resource_classes()])


@reads(router, "/tariffs", Tariffs, public=True)
def list_tariffs(request: Asked, centre: Name | None = None, at: Instant | None = None) -> Tariffs:
    """The prices that hold at an instant, now without one."""
    instant = at or request.now
    rows = queries.tariffs_at(instant, centre=centre)
    return Tariffs(at=instant, items=[TariffShape.model_validate(row) for row in rows])


@reads(router, "/centres/{centre}/tariffs", TariffVersions, public=True)
def list_tariff_versions(
    request: Asked,  # noqa: ARG001 - an operation gets it
    centre: Name,
    limit: Annotated[int, Field(ge=1, le=queries.PRICES_SHOWN)] = queries.PRICES_SHOWN,
) -> TariffVersions:
    """Every version of a centre's prices, the newest of each class and customer first."""
    rows = queries.price_list(queries.centre(centre).id, limit=limit)
    return TariffVersions(items=[TariffShape.model_validate(queries.tariff_of(row)) for row in rows])


@reads(router, "/centres/{centre}/tariffs/preview", RepricingShape, scope=Scope.OFFER)
def preview_tariff(request: Asked, centre: Name, asked: Query[TariffWish]) -> RepricingShape:
    """What publishing a price would change; nothing is written."""
    done = catalogue.preview_tariff(
        wanted=_proposal(centre, asked), by=request.auth, now=request.now, demo=settings.JIAOZI_DEMO
    )
    return RepricingShape.model_validate(done)


@writes(router, "/centres/{centre}/tariffs", RepricingShape, scope=Scope.OFFER)
def publish_tariff(request: Asked, centre: Name, given: TariffWish) -> RepricingShape:
    """Publish a centre's new price: a new version, never an edit; what was quoted, held or runs keeps its own."""
    done = catalogue.publish_tariff(
        wanted=_proposal(centre, given), by=request.auth, now=request.now, demo=settings.JIAOZI_DEMO
    )
    return RepricingShape.model_validate(done)


def _proposal(centre: str, given: TariffWish) -> Proposal:
    return Proposal(centre=centre, **given.model_dump())


@reads(router, "/links", Links, public=True)
def list_links(request: Asked) -> Links:  # noqa: ARG001 - an operation gets it
    """The network between centres."""
    return Links(items=[LinkShape.model_validate(row) for row in queries.links()])


@writes(router, "/probes", Kept, scope=Scope.METER)
def record_probe(request: Asked, given: ProbeWish) -> Kept:
    """Record what was measured between two centres."""
    measured = Measured(
        rtt_us=given.rtt_us,
        rtt_least_us=given.rtt_least_us,
        bandwidth_mbps=given.bandwidth_mbps,
        echoes=given.echoes,
    )
    kept = catalogue.record_probe(start=given.start, end=given.end, measured=measured, by=request.auth, now=clock.now())
    return Kept(newest=kept)
