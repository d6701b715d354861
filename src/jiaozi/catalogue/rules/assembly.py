"""The five files together: every name that one uses exists in another, nothing is there twice, prices don't overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jiaozi.catalogue.rules.document import (
    CentreEntry,
    CentresFile,
    ClusterEntry,
    HubEntry,
    HubsFile,
    LinkEntry,
    LinksFile,
    OfferEntry,
    ResourceEntry,
    ResourcesFile,
    TariffEntry,
    TariffsFile,
)
from jiaozi.catalogue.rules.network import Grade
from jiaozi.catalogue.rules.reading import Page, Problem, UnableToLoad, read
from jiaozi.catalogue.rules.tariff import ANYONE, Tariff
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import start_of_day

FILES = ("hubs.yaml", "centres.yaml", "resources.yaml", "tariffs.yaml", "links.yaml")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the files say, checked as a whole."""

    hubs: tuple[HubEntry, ...]
    clusters: tuple[ClusterEntry, ...]
    centres: tuple[CentreEntry, ...]
    resources: tuple[ResourceEntry, ...]
    offers: tuple[OfferEntry, ...]
    tariffs: tuple[TariffEntry, ...]
    links: tuple[LinkEntry, ...]


@dataclass(frozen=True, slots=True)
class _Pages:
    hubs: Page[HubsFile]
    centres: Page[CentresFile]
    resources: Page[ResourcesFile]
    tariffs: Page[TariffsFile]
    links: Page[LinksFile]


def read_catalogue(texts: Mapping[str, str]) -> Catalogue:
    """Read the five files, by name.

    Raises
    ------
    UnableToLoad
        With every mistake in any of them; mistakes between files are looked for once each file reads well.
    """
    pages = _read_all(texts)
    problems = [*_twice(pages), *_unknown(pages), *_misfits(pages), *_overlaps(pages.tariffs)]
    if problems:
        raise UnableToLoad(problems)
    return Catalogue(
        hubs=tuple(pages.hubs.content.hubs),
        clusters=tuple(pages.hubs.content.clusters),
        centres=tuple(pages.centres.content.centres),
        resources=tuple(pages.resources.content.resources),
        offers=tuple(pages.resources.content.offers),
        tariffs=tuple(pages.tariffs.content.tariffs),
        links=tuple(pages.links.content.links),
    )


def tariff_of_entry(entry: TariffEntry, *, author: str, demo: bool) -> Tariff | None:
    """Give the price that an entry states; None for one that exists only in a demo, outside of one."""
    rate_ufen = entry.rate.ufen(demo=demo)
    if rate_ufen is None:
        return None
    customer = entry.customer.value if entry.customer else ANYONE
    return Tariff(
        id=named_id("tariff", entry.centre, entry.resource, customer, entry.version),
        centre=entry.centre,
        resource_class=entry.resource,
        customer_class=customer,
        unit=entry.unit,
        rate_ufen=rate_ufen,
        valid_from=start_of_day(entry.valid_from),
        valid_until=start_of_day(entry.valid_until) if entry.valid_until else None,
        version=entry.version,
        rounding=entry.rounding,
        minimum_fen=entry.minimum,
        granularity_ms=entry.granularity_ms,
        source=entry.source.ref,
        demo=entry.source.grade is Grade.DEMO,
        author=author,
    )


def _read_all(texts: Mapping[str, str]) -> _Pages:
    problems: list[Problem] = []

    def page(name: str, schema: Any) -> Any:
        if name not in texts:
            problems.append(Problem(name, 1, "", "缺少此文件", "the file is missing"))
            return None
        try:
            return read(name, texts[name], schema)
        except UnableToLoad as broken:
            problems.extend(broken.problems)
            return None

    schemas = (HubsFile, CentresFile, ResourcesFile, TariffsFile, LinksFile)
    found = [page(name, schema) for name, schema in zip(FILES, schemas, strict=True)]
    if problems:
        raise UnableToLoad(problems)
    return _Pages(*found)


def _twice(pages: _Pages) -> Iterator[Problem]:
    """Find entries under a key that another has already."""
    tables: list[tuple[Page[Any], str, Callable[[Any], Any]]] = [
        (pages.hubs, "hubs", lambda each: each.id),
        (pages.hubs, "clusters", lambda each: each.id),
        (pages.centres, "centres", lambda each: each.id),
        (pages.resources, "resources", lambda each: each.code),
        (pages.resources, "offers", lambda each: (each.centre, each.resource)),
        (pages.tariffs, "tariffs", lambda each: (each.centre, each.resource, each.customer, each.version)),
    ]
    for page, table, key in tables:
        seen: set[Any] = set()
        for index, each in enumerate(getattr(page.content, table)):
            if key(each) in seen:
                yield page.problem((table, index), "重复：前面已有同一项", "is there twice; keep one")
            seen.add(key(each))
    yield from _links_twice(pages.links)


def _links_twice(page: Page[LinksFile]) -> Iterator[Problem]:
    seen: set[frozenset[str]] = set()
    for index, each in enumerate(page.content.links):
        for start in each.starts:
            for end in each.ends:
                if start == end:
                    yield page.problem(
                        ("links", index),
                        f"链路两端相同：{start}",
                        f"a link needs two different ends, not {start} twice",
                    )
                elif frozenset((start, end)) in seen:
                    yield page.problem(
                        ("links", index),
                        f"链路重复：{start}与{end}",
                        f"the link {start} to {end} is there twice; keep one",
                    )
                seen.add(frozenset((start, end)))


def _unknown(pages: _Pages) -> Iterator[Problem]:
    """Find names that no file defines."""
    hubs = {each.id for each in pages.hubs.content.hubs}
    clusters = {each.id for each in pages.hubs.content.clusters}
    centres = {each.id for each in pages.centres.content.centres}
    resources = {each.code for each in pages.resources.content.resources}
    uses: list[tuple[Page[Any], str, str, set[str]]] = [
        (pages.hubs, "clusters", "hub", hubs),
        (pages.centres, "centres", "hub", hubs),
        (pages.centres, "centres", "cluster", clusters),
        (pages.resources, "offers", "centre", centres),
        (pages.resources, "offers", "resource", resources),
        (pages.tariffs, "tariffs", "centre", centres),
        (pages.tariffs, "tariffs", "resource", resources),
    ]
    for page, table, field, known in uses:
        for index, each in enumerate(getattr(page.content, table)):
            name = getattr(each, field)
            if name is not None and name not in known:
                yield _no_such(page, (table, index, field), name)
    for index, link in enumerate(pages.links.content.links):
        for field, names in (("from", link.starts), ("to", link.ends)):
            for place, name in enumerate(names):
                if name not in centres:
                    yield _no_such(pages.links, ("links", index, field, place), name)


def _no_such(page: Page[Any], loc: Sequence[int | str], name: str) -> Problem:
    return page.problem(
        loc, f"目录中没有{name}，请先定义", f"the catalogue defines no {name!r}; define it or correct the name"
    )


def _misfits(pages: _Pages) -> Iterator[Problem]:
    """Find clusters of another hub, and tariffs by another unit than their resource class."""
    hub_of = {each.id: each.hub for each in pages.hubs.content.clusters}
    for index, centre in enumerate(pages.centres.content.centres):
        if centre.cluster and hub_of.get(centre.cluster, centre.hub) != centre.hub:
            right = hub_of[centre.cluster]
            yield pages.centres.problem(
                ("centres", index, "hub"),
                f"集群{centre.cluster}属于{right}",
                f"{centre.cluster} is a cluster of {right}",
            )
    unit_of = {each.code: each.unit for each in pages.resources.content.resources}
    for index, tariff in enumerate(pages.tariffs.content.tariffs):
        right_unit = unit_of.get(tariff.resource, tariff.unit)
        if tariff.unit is not right_unit:
            yield pages.tariffs.problem(
                ("tariffs", index, "unit"),
                f"{tariff.resource}的单位应为{right_unit}",
                f"{tariff.resource} is counted in {right_unit}, not {tariff.unit}",
            )


def _overlaps(page: Page[TariffsFile]) -> Iterator[Problem]:
    """Find prices that hold at once for one key."""
    keyed: dict[tuple[str, str, str], list[tuple[int, Tariff]]] = {}
    for index, entry in enumerate(page.content.tariffs):
        tariff = tariff_of_entry(entry, author="", demo=True)
        if tariff is not None:
            keyed.setdefault(tariff.key, []).append((index, tariff))
    for same_key in keyed.values():
        ordered = sorted(same_key, key=lambda pair: (pair[1].valid_from, pair[0]))
        for (_, earlier), (index, later) in pairwise(ordered):
            if earlier.overlaps(later):
                until = page.content.tariffs[index].valid_from
                yield page.problem(
                    ("tariffs", index, "from"),
                    f"与版本{earlier.version}有效期重叠：请给版本{earlier.version}加上 until: {until} 或更早",
                    f"overlaps version {earlier.version}: give version {earlier.version} until: {until} or earlier",
                )
