"""Every wrong order gets one clear line that names the field; nothing of it stays behind."""

import uuid

import pytest

from jiaozi.engines.process import connect as make_engine
from jiaozi.engines.process.options import read_options, spool_folder
from jiaozi.order.ports import (
    JobSpec,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToReadUsage,
    UnableToSubmit,
    longest_run_ms,
)
from tests.engines.places import spec

FINE = {"command": ("true",), "resource_class": "cpu", "cores": 1, "memory_mib": 64, "time_limit_ms": 1_000}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("command", ()),
        ("command", ("",)),
        ("command", ("true", "a\0b")),
        ("command", ("true",) * 1_001),
        ("cores", 0),
        ("memory_mib", 0),
        ("cards", -1),
        ("processes_max", 0),
        ("output_bytes_max", -1),
        ("time_limit_ms", 0),
        ("time_limit_ms", 400 * 24 * 3_600_000),
        ("files", {"../escape": b""}),
        ("files", {"a/b": b""}),
        ("files", {".hidden": b""}),
        ("files", {"-rf": b""}),
        ("files", {"line\n": b""}),
        ("files", {"": b""}),
        ("files", {f"f{number}": b"" for number in range(201)}),
    ],
)
def test_a_wrong_order_names_its_field(field, value):
    with pytest.raises(UnableToSubmit) as caught:
        JobSpec(order_id=uuid.uuid4(), **{**FINE, field: value})
    assert caught.value.reason.field == field
    assert "\n" not in str(caught.value)


@pytest.fixture
def engine(tmp_path):
    options = {"enabled": True, "spool": str(tmp_path / "spool"), "cores": 2, "memory_mib": 512}
    return make_engine({**options, "resource_classes": ["cpu"], "isolation": "where_possible"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cores": 3}, "more_than_there_is"),
        ({"memory_mib": 513}, "more_than_there_is"),
        ({"cards": 1}, "more_than_there_is"),
        ({"resource_class": "gpu"}, "resource_class_unknown"),
        ({"command": ("no-such-program",)}, "command_not_found"),
        ({"command": ("./missing.sh",)}, "command_not_found"),
        ({"command": ("bin/true",)}, "command_not_found"),
        ({"files": {"tmp": b""}}, "file_name_taken"),
    ],
)
def test_what_can_never_run_here_is_refused(engine, change, code):
    order_id = uuid.uuid4()
    with pytest.raises(UnableToSubmit) as caught:
        engine.submit(JobSpec(order_id=order_id, **{**FINE, **change}))
    assert caught.value.reason.code == code
    assert caught.value.reason.field in change
    assert engine.status([order_id]) == {}


def test_switched_off_it_starts_nothing(tmp_path):
    engine = make_engine({"spool": str(tmp_path / "spool")})
    with pytest.raises(UnableToSubmit) as caught:
        engine.submit(spec(uuid.uuid4(), "true"))
    assert caught.value.reason.code == "engine_off"
    assert engine.usage("").records == ()


def test_a_full_queue_says_later(tmp_path):
    engine = make_engine(
        {"enabled": True, "spool": str(tmp_path / "spool"), "queue_max": 0, "isolation": "where_possible"}
    )
    with pytest.raises(UnableToReachEngine) as caught:
        engine.submit(spec(uuid.uuid4(), "true"))
    assert caught.value.reason.code == "queue_full"


def test_unknown_jobs_and_foreign_cursors_are_named(engine):
    for ask in (engine.cancel, lambda order_id: engine.logs(order_id, 10)):
        with pytest.raises(UnableToFindJob):
            ask(uuid.uuid4())
    for cursor in ("x", "deadbeef0000.0", "0", engine.usage("").cursor + "9"):
        with pytest.raises(UnableToReadUsage):
            engine.usage(cursor)


def test_an_unusable_folder_is_an_engine_out_of_reach(tmp_path):
    (tmp_path / "spool").write_text("a file where a folder should be")
    engine = make_engine({"spool": str(tmp_path / "spool")})
    with pytest.raises(UnableToReachEngine):
        engine.capacity()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"colour": "red"}, "colour"),
        ({"isolation": "some"}, "isolation"),
        ({"cores": -1}, "cores"),
        ({"software": "/opt"}, "software"),
    ],
)
def test_a_wrong_option_is_named(options, word):
    with pytest.raises(ValueError, match=word):
        read_options(options)


def test_the_spool_moves_where_a_job_s_account_can_walk(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    options = read_options({"spool": str(closed / "spool")})
    assert spool_folder(options, by_account=False) == closed / "spool"
    assert spool_folder(options, by_account=True).parts[:4] == ("/", "var", "lib", "jiaozi")


def test_a_hold_covers_the_rounding_and_the_lag():
    assert longest_run_ms(60_001, 60_000, 500) == 120_500
    assert longest_run_ms(60_000, 60_000, 0) == 60_000
