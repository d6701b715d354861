"""The catalogue's files: the shipped ones read, and each mistake is told with file, line, field and what is right."""

from itertools import pairwise
from pathlib import Path

import pytest

from jiaozi.catalogue.rules import FILES, CentreKind, Grade, Tier, UnableToLoad, read_catalogue, tariff_of_entry

SHIPPED = Path(__file__).resolve().parents[2] / "catalogue"
TEXTS = {name: (SHIPPED / name).read_text(encoding="utf-8") for name in FILES}


def line_of(name, fragment, texts=None):
    lines = (texts or TEXTS)[name].splitlines()
    return next(number for number, line in enumerate(lines, start=1) if fragment in line)


def refused(texts):
    with pytest.raises(UnableToLoad) as refusal:
        read_catalogue(texts)
    return refusal.value


def test_the_shipped_catalogue_is_whole():
    shipped = read_catalogue(TEXTS)
    assert len(shipped.hubs) == 8
    assert len(shipped.clusters) == 10
    tiers = {tier: [each.id for each in shipped.centres if each.tier is tier] for tier in Tier}
    assert tiers[Tier.CITY] == ["nscc-chengdu", "chengdu-aicc", "tianfu-aicc"]
    assert tiers[Tier.METRO] == ["deyang", "meishan", "ziyang"]
    assert {each.hub for each in shipped.centres if each.tier is Tier.NATIONAL} == (
        {each.id for each in shipped.hubs} - {"chengyu"}
    )


def test_nothing_unpublished_carries_a_figure_that_is_not_marked_demo():
    shipped = read_catalogue(TEXTS)
    assert all(each.source.grade is Grade.DEMO and each.rate.unpublished for each in shipped.tariffs)
    assert all(each.source.grade is Grade.DEMO for each in shipped.offers)
    assert all(each.engine is None or each.engine.demo for each in shipped.centres)
    assert all(
        each.capacity == "unpublished"
        for each in shipped.centres
        if each.kind is CentreKind.SITE and each.id != "qingyang-site"
    )
    assert [tariff_of_entry(each, author="x", demo=False) for each in shipped.tariffs] == [None] * len(shipped.tariffs)


def test_every_offer_has_a_price_for_anyone():
    shipped = read_catalogue(TEXTS)
    priced = {(each.centre, each.resource) for each in shipped.tariffs if each.customer is None}
    assert {(each.centre, each.resource) for each in shipped.offers} <= priced


MISTAKES = [
    # file, what stands there, what is put there, line of, field, what is said
    ("tariffs.yaml", 'demo: "0.15"', "demo: 0.15", "demo: 0.15", "tariffs[0].rate.demo", "quoted text"),
    ("tariffs.yaml", 'demo: "0.15"', 'demo: "-0.15"', 'demo: "-0.15"', "tariffs[0].rate.demo", "0 or more"),
    ("tariffs.yaml", 'demo: "0.15"', 'demo: "cheap"', 'demo: "cheap"', "tariffs[0].rate.demo", "is no price"),
    ("tariffs.yaml", 'demo: "0.15"', 'demo: "99999999999999"', "9999", "tariffs[0].rate.demo", "fit into the ledger"),
    ("tariffs.yaml", ', demo: "0.15"', "", "{unpublished: true}", "tariffs[0].rate", "leave it out"),
    (
        "tariffs.yaml",
        '{unpublished: true, demo: "0.15"}',
        '"0.15"',
        "source: &demo",
        "tariffs[0].source",
        "rate is DEMO",
    ),
    ("tariffs.yaml", "from: 2013-01-01", "from: 2013-13-45", "2013-13-45", "tariffs[0].from", "is no date"),
    ("tariffs.yaml", "from: 2013-01-01", "from: 2013", "from: 2013\n", "tariffs[0].from", "is no date"),
    (
        "tariffs.yaml",
        "from: 2013-01-01",
        "from: 2013-01-01\n    until: 2012-01-01",
        "until: 2012",
        "tariffs[0].until",
        "must be after",
    ),
    ("tariffs.yaml", "    version: 1", "    versoin: 1", "versoin", "tariffs[0].versoin", "it should be: version"),
    ("tariffs.yaml", "    version: 1\n", "", "- centre", "tariffs[0].version", "is missing"),
    ("tariffs.yaml", "version: 1", "version: one", "version: one", "tariffs[0].version", "integer"),
    ("tariffs.yaml", "version: 1", "version: 0", "version: 0", "tariffs[0].version", "greater than or equal to 1"),
    ("tariffs.yaml", "unit: CORE_HOUR", "unit: HOUR", "unit: HOUR", "tariffs[0].unit", "must be 'CORE_HOUR'"),
    (
        "tariffs.yaml",
        "unit: CORE_HOUR",
        "unit: CARD_HOUR",
        "unit: CARD_HOUR",
        "tariffs[0].unit",
        "counted in CORE_HOUR",
    ),
    (
        "tariffs.yaml",
        "centre: nscc-chengdu",
        "centre: nscc",
        "centre: nscc\n",
        "tariffs[0].centre",
        "defines no 'nscc'",
    ),
    (
        "tariffs.yaml",
        "resource: cpu-core",
        "resource: cpu",
        "resource: cpu\n",
        "tariffs[0].resource",
        "defines no 'cpu'",
    ),
    ("tariffs.yaml", "customer: UNIVERSITY", "customer: STUDENT", "STUDENT", "tariffs[1].customer", "'UNIVERSITY'"),
    ("tariffs.yaml", "tariffs:", "tarifs:", "tarifs:", "tarifs", "it should be: tariffs"),
    ("hubs.yaml", "hub: jingjinji", "hub: beijing", "hub: beijing", "clusters[0].hub", "defines no 'beijing'"),
    ("hubs.yaml", "id: changsanjiao", "id: jingjinji", None, "hubs[1]", "is there twice"),
    ("hubs.yaml", "id: guizhou", "id: Gui zhou", "Gui zhou", "hubs[5].id", "is no id"),
    ("centres.yaml", "tier: CITY", "tier: TOWN", "TOWN", "centres[0].tier", "'CITY', 'METRO', 'CHENGYU' or 'NATIONAL'"),
    ("centres.yaml", "cluster: wuhu", "cluster: qingyang", None, "centres[13].hub", "is a cluster of gansu"),
    (
        "centres.yaml",
        "kill_lag_ms: 2000",
        "kill_lag_ms: -1",
        "kill_lag_ms: -1",
        "centres[0].engine.kill_lag_ms",
        "greater",
    ),
    ("centres.yaml", "capacity: unpublished", "capacity: 5", "capacity: 5", "centres[3].capacity", "'unpublished'"),
    ("resources.yaml", "kind: CARD", "kind: CPU", "unit: CARD_HOUR", "resources[1].unit", "counted in CORE_HOUR"),
    ("resources.yaml", "units: 2", "units: 2.5", "units: 2.5", "offers[2].units", "integer"),
    ("resources.yaml", "resource: gpu-910b", "resource: cpu-core", None, "offers[2]", "is there twice"),
    ("links.yaml", "from: [nscc-chengdu]", "from: [chengdu-aicc]", None, "links[0]", "two different ends"),
    (
        "links.yaml",
        "to: [chengdu-aicc, tianfu-aicc]",
        "to: [chengdu-aicc, mars]",
        "mars",
        "links[0].to[1]",
        "no 'mars'",
    ),
    ("links.yaml", "rtt_us: 1000", "rtt_us: fast", "rtt_us: fast", "links[0].rtt_us", "'unpublished'"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake[4]} {mistake[5]}")
def test_each_mistake_is_told_at_its_line(mistake):
    name, stands, put, at, field, says = mistake
    assert stands in TEXTS[name]
    texts = TEXTS | {name: TEXTS[name].replace(stands, put, 1)}
    problems = refused(texts).problems
    told = [each for each in problems if each.field == field and says in each.en]
    assert told, problems
    assert told[0].file == name
    if at:
        assert told[0].line == line_of(name, at.rstrip("\n"), texts)
    assert all("\n" not in each.en + each.zh for each in problems)


def test_the_message_is_one_line_with_its_place():
    texts = TEXTS | {"tariffs.yaml": TEXTS["tariffs.yaml"].replace("centre: nscc-chengdu", "centre: nscc")}
    refusal = refused(texts)
    line = line_of("tariffs.yaml", "centre: nscc", texts)
    assert str(refusal).startswith(f"tariffs.yaml:{line} tariffs[0].centre: the catalogue defines no 'nscc'")
    assert str(refusal).endswith(f"(and {len(refusal.problems) - 1} more)")
    assert len(refusal.problems) == 5


def test_overlapping_versions_are_told_with_the_end_that_is_right():
    second = """  - centre: nscc-chengdu
    resource: cpu-core
    version: 2
    unit: CORE_HOUR
    rate: {unpublished: true, demo: "0.16"}
    from: 2024-01-01
    source: {ref: 演示值, grade: DEMO}
"""
    texts = TEXTS | {"tariffs.yaml": TEXTS["tariffs.yaml"] + second}
    (problem,) = refused(texts).problems
    assert problem.field == "tariffs[9].from"
    assert problem.line == line_of("tariffs.yaml", "from: 2024-01-01", texts)
    assert "until: 2024-01-01 or earlier" in problem.en
    closed = texts["tariffs.yaml"].replace("from: 2013-01-01", "from: 2013-01-01\n    until: 2024-01-01", 1)
    assert len(read_catalogue(TEXTS | {"tariffs.yaml": closed}).tariffs) == 10


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tariffs: [", "no valid YAML"),
        ("tariffs:\n  - {a: 1}\n bad", "no valid YAML"),
        ("tariffs: []\ntariffs: []", "duplicate key"),
        ("\x00", "no valid YAML"),
        ("x: !!python/object:os.system {}", "it should be: tariffs"),
        ("", "dictionary"),
        ("[]", "dictionary"),
        (
            (
                "a: &a [x, x, x, x, x, x, x, x, x]\n"
                + "".join(f"{each}: &{each} [{', '.join(['*' + before] * 9)}]\n" for before, each in pairwise("abcdef"))
            ),
            "unfolds",
        ),
        ("a: &a [*a]", "it should be: tariffs"),
        ("#" * 1_000_001, "within 1 MB"),
        ("[" * 600, "no valid YAML"),
    ],
)
def test_a_file_that_is_no_catalogue_is_told_in_one_line(text, says):
    refusal = refused(TEXTS | {"tariffs.yaml": text})
    assert any(says in each.en for each in refusal.problems), refusal.problems
    assert "\n" not in str(refusal)


def test_mistakes_in_several_files_are_told_together():
    texts = TEXTS | {"hubs.yaml": "hubs: 1", "links.yaml": "x"}
    del texts["resources.yaml"]
    assert {each.file for each in refused(texts).problems} == {"hubs.yaml", "links.yaml", "resources.yaml"}
