"""Loading into a real database: once, again, changed, refused; and what the database promises by itself."""

import importlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction

from jiaozi.catalogue import queries
from jiaozi.catalogue import services as catalogue
from jiaozi.catalogue.models import Centre, Cluster, Hub, Link, Offer, TariffVersion
from jiaozi.catalogue.rules import FILES, Tier, UnableToLoad, UnableToPrice, UnableToPublish, tariff_for
from jiaozi.journal.models import JournalLine

SHIPPED = Path(__file__).resolve().parents[2] / "catalogue"
NOW = datetime(2023, 3, 1, 2, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


def load(folder=SHIPPED, *, now=NOW, demo=True):
    return catalogue.load(folder=folder, by="operator", now=now, demo=demo)


def edit(folder, name, stands, put, times=1):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert stands in text
    path.write_text(text.replace(stands, put, times), encoding="utf-8")


@pytest.mark.django_db
def test_the_shipped_catalogue_loads_once():
    first = load()
    assert first.changed
    assert (Hub.objects.count(), Cluster.objects.count(), Centre.objects.count()) == (8, 10, 19)
    assert len(first.tariffs_added) == TariffVersion.objects.count() == 9
    assert not load(now=NOW + timedelta(days=1)).changed
    (line,) = JournalLine.objects.filter(stage="catalogue")
    assert (line.verb, line.by, line.at) == ("load", "operator", NOW)
    assert [each["rate_ufen"] for each in line.body["tariffs_added"]][:2] == [15_000_000, 12_000_000]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("engine", "options"),
    [
        ("slurm", {"folder": "/jobs", "user": "jz", "classes": {"cpu": {"partition": "work", "gres": "gpu:910b"}}}),
        ("ray", {"url": "http://127.0.0.1:8265", "classes": {"cpu": {}, "gpu": {"resource": "910b"}}}),
        (
            "kubernetes",
            {
                "namespace": "jiaozi-{voucher}",
                "quota": {"requests.cpu": "64"},
                "classes": {"cpu": {"image": "base:1", "selector": {"disk": "fast"}}},
            },
        ),
    ],
)
def test_each_engines_own_options_stand_in_the_file_and_connect(folder, engine, options):
    entry = f"""engine: &this-machine
      name: {engine}
      demo: true
      options: {json.dumps(options)}
"""
    text = (folder / "centres.yaml").read_text(encoding="utf-8")
    before, _, after = text.partition("engine: &this-machine\n")
    (folder / "centres.yaml").write_text(
        before + entry + after[after.index("      granularity_ms") :], encoding="utf-8"
    )
    load(folder)
    centre = queries.centre("nscc-chengdu")
    assert (centre.engine, centre.engine_options) == (engine, options)
    importlib.import_module(f"jiaozi.engines.{engine}").connect(centre.engine_options)


@pytest.mark.django_db
def test_a_demo_value_is_loaded_only_in_a_demo():
    load(demo=False)
    assert not TariffVersion.objects.exists()
    assert not Offer.objects.exists()
    assert not Centre.objects.filter(connected=True).exists()
    assert not Link.objects.filter(price_per_gb_ufen__isnull=False).exists()
    with pytest.raises(UnableToPrice):
        price()
    assert load(demo=True).changed
    assert price().demo


@pytest.mark.django_db
def test_a_demo_offer_and_engine_end_with_the_demo():
    load()
    load(demo=False)
    assert queries.offers_for("nscc-chengdu") == []
    assert len(queries.offers_for("nscc-chengdu", with_disabled=True)) == 2
    assert not queries.centre("nscc-chengdu").connected


def price(customer_class="TECH_SME", at=NOW):
    return tariff_for(
        queries.tariffs_at(at), centre="nscc-chengdu", resource_class="cpu-core", customer_class=customer_class, at=at
    )


@pytest.mark.django_db
def test_job_traces_of_2013_have_a_price():
    load()
    assert price(at=datetime(2012, 12, 31, 16, tzinfo=UTC)).rate_ufen == 15_000_000
    assert price("UNIVERSITY").rate_ufen == 12_000_000


@pytest.mark.django_db
def test_queries_take_a_constant_number_of_statements(django_assert_num_queries):
    load()
    with django_assert_num_queries(2):
        assert sum(len(hub.clusters.all()) for hub in queries.hubs()) == 10
    with django_assert_num_queries(1):
        assert [each.hub.name_zh for each in queries.centres(tier=Tier.METRO)] == ["成渝"] * 3
    with django_assert_num_queries(1):
        offers = queries.offers_for("chengdu-aicc", with_disabled=True)
        assert [(each.resource_class.unit, each.enabled) for each in offers] == [
            ("CORE_HOUR", True),
            ("CORE_HOUR", True),
            ("CARD_HOUR", False),
        ]
    with django_assert_num_queries(1):
        assert len(queries.tariffs_at(NOW, centre="chengdu-aicc")) == 4
    with django_assert_num_queries(1):
        assert queries.offer("nscc-chengdu", "cpu-core").centre.engine == "process"
    assert queries.offer("chengdu-aicc", "gpu-910b") is None
    assert {each.id for each in queries.centres(connected=True)} == {"nscc-chengdu", "chengdu-aicc"}
    assert queries.tariffs_at(datetime(2012, 1, 1, tzinfo=UTC)) == ()
    assert len(queries.tariffs_ahead(NOW, centre="nscc-chengdu")) == 5
    assert [each.code for each in queries.resource_classes()] == ["cpu-core", "demo-core", "gpu-910b"]
    assert all(each.start_id < each.end_id for each in queries.links())
    with pytest.raises(queries.UnableToFindCentre, match="centre: "):
        queries.centre("mars")


@pytest.mark.django_db
def test_a_changed_entry_changes_one_row(folder):
    load(folder)
    edit(folder, "centres.yaml", "zh: 国家超算成都中心", "zh: 国家超级计算成都中心")
    assert load(folder).rows == 1
    assert queries.centre("nscc-chengdu").name_zh == "国家超级计算成都中心"
    assert JournalLine.objects.filter(stage="catalogue").count() == 2


@pytest.mark.django_db
def test_a_new_version_takes_over_at_its_instant(folder):
    load(folder)
    edit(folder, "tariffs.yaml", "from: 2013-01-01", "from: 2013-01-01\n    until: 2023-07-01")
    with (folder / "tariffs.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "  - {centre: nscc-chengdu, resource: cpu-core, version: 2, unit: CORE_HOUR, from: 2023-07-01,\n"
            '     rate: {unpublished: true, demo: "0.2"}, source: {ref: 演示值, grade: DEMO}}\n'
        )
    changed = load(folder)
    assert (len(changed.tariffs_added), len(changed.tariffs_closed)) == (1, 1)
    turn = datetime(2023, 6, 30, 16, tzinfo=UTC)
    assert price(at=turn - timedelta(microseconds=1)).rate_ufen == 15_000_000
    assert price(at=turn).rate_ufen == 20_000_000
    assert not load(folder).changed


@pytest.mark.django_db
def test_editing_a_published_price_is_refused_and_nothing_stays(folder):
    load(folder)
    edit(folder, "tariffs.yaml", 'demo: "0.15"', 'demo: "0.01"')
    edit(folder, "hubs.yaml", "zh: 京津冀", "zh: 京津")
    with pytest.raises(UnableToPublish, match="can't be edited"):
        load(folder)
    assert Hub.objects.get(id="jingjinji").name_zh == "京津冀"
    assert price().rate_ufen == 15_000_000


@pytest.mark.django_db
def test_a_folder_or_file_that_is_not_there_or_no_text_is_told(tmp_path, folder):
    with pytest.raises(UnableToLoad, match="no such folder"):
        load(tmp_path / "nowhere")
    (folder / "links.yaml").unlink()
    with pytest.raises(UnableToLoad, match=r"^links.yaml:1: the file is missing"):
        load(folder)
    (folder / "links.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(UnableToLoad, match="UTF-8"):
        load(folder)
    (folder / "links.yaml").unlink()
    (folder / "links.yaml").mkdir()
    with pytest.raises(UnableToLoad, match="plain file"):
        load(folder)
    assert not Hub.objects.exists()


def try_sql(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE catalogue_tariffversion SET rate_ufen = 1",
        "UPDATE catalogue_tariffversion SET valid_until = now(), rate_ufen = 1",
        "UPDATE catalogue_tariffversion SET author = 'me'",
        "DELETE FROM catalogue_tariffversion",
    ],
)
def test_the_database_refuses_to_edit_a_price(statement):
    load()
    with pytest.raises(IntegrityError, match="never edited or deleted"):
        try_sql(statement)


@pytest.mark.django_db
def test_the_database_lets_a_price_end_once():
    load()
    try_sql("UPDATE catalogue_tariffversion SET valid_until = '2030-01-01Z'")
    with pytest.raises(IntegrityError, match="never edited"):
        try_sql("UPDATE catalogue_tariffversion SET valid_until = '2040-01-01Z'")
    with pytest.raises(IntegrityError, match="never edited"):
        try_sql("UPDATE catalogue_tariffversion SET valid_until = NULL")


_COLUMNS = [field.attname for field in TariffVersion._meta.concrete_fields]


def copy_with(**changes):
    chosen = ", ".join(changes.get(name, name) for name in _COLUMNS)
    return (
        f"INSERT INTO catalogue_tariffversion ({', '.join(_COLUMNS)}) SELECT {chosen} FROM catalogue_tariffversion"
        " WHERE centre_id = 'nscc-chengdu' AND customer_class = ''"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"version": "2"}, "tariff_one_price_at_once"),
        ({"version": "2", "valid_from": "'2000-01-01Z'", "valid_until": "'2013-01-01Z'"}, "tariff_one_price_at_once"),
        ({"customer_class": "'MAKER'", "rate_ufen": "-1"}, "tariff_amounts"),
        ({"customer_class": "'MAKER'", "granularity_ms": "0"}, "tariff_amounts"),
        ({"customer_class": "'MAKER'", "valid_until": "valid_from"}, "tariff_ends_after_it_begins"),
        ({"customer_class": "'MAKER'", "rounding": "'ODD'"}, "tariff_rounding_known"),
        ({"valid_from": "'2000-01-01Z'", "valid_until": "'2001-01-01Z'"}, "tariff_version_once"),
    ],
)
def test_the_database_refuses_a_price_that_can_not_be(changes, constraint):
    load()
    with pytest.raises(IntegrityError, match=constraint):
        try_sql(copy_with(id="gen_random_uuid()", **changes))


@pytest.mark.django_db
def test_the_database_lets_other_keys_and_times_stand_beside():
    load()
    try_sql(copy_with(id="gen_random_uuid()", customer_class="'MAKER'"))
    until = "'2012-12-31 16:00Z'"
    try_sql(copy_with(id="gen_random_uuid()", version="9", valid_from="'2000-01-01Z'", valid_until=until))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("connected = true, engine = ''", "centre_connected_by_an_engine"),
        ("connected = true, kill_lag_ms = NULL", "centre_connected_by_an_engine"),
        ("connected = false", "centre_connected_by_an_engine"),
        ("tier = 'TOWN'", "centre_tier_known"),
        ("kind = 'TOWN'", "centre_kind_known"),
    ],
)
def test_the_database_keeps_centres_by_itself(change, constraint):
    load()
    with pytest.raises(IntegrityError, match=constraint):
        try_sql(f"UPDATE catalogue_centre SET {change} WHERE id = 'nscc-chengdu'")


@pytest.mark.usefixtures("fresh_database")
def test_two_loads_at_once_load_once():
    results, errors = [], []

    def run():
        try:
            results.append(load())
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must show it
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(each.changed for each in results) == [False, False, False, True]
    assert JournalLine.objects.filter(stage="catalogue").count() == 1
