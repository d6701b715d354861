"""``jiaozi verify``, as the program that anybody runs: no database, nothing but the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.ids import named_id
from jiaozi.transparency.rules import (
    COLUMNS,
    GENESIS,
    Form,
    Part,
    Source,
    UnableToVerify,
    end_line,
    head_lines,
    leaf,
    link,
    moment,
    prove,
    row_line,
    sign,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOW = datetime(2024, 5, 20, 2, 30, tzinfo=UTC)
VOUCHER = named_id("voucher", 1)


def transfer(number: int, event: str, kind: str, sides: tuple[str, str], fen: int, **more) -> dict:
    row = dict.fromkeys(COLUMNS, "") | {
        "source": Source.TRANSFER.value,
        "id": str(named_id("t", number)),
        "at": moment(NOW + timedelta(seconds=number)),
        "programme": "p",
        "event": event,
        "kind": kind,
        "debit": sides[0],
        "credit": sides[1],
        "amount_fen": fen,
        "chain": str(named_id("t", number)),
        "reference": str(VOUCHER),
        "year": 2024,
        "clause": "general",
        "holder_class": "TECH_SME",
    }
    return row | more


def story(fen: int = 5_000) -> list[dict]:
    """A budget, a voucher of it, a hold on that, and the capture of a part."""
    purse = f"VOUCHER/{VOUCHER}"
    hold = str(named_id("t", 3))
    return [
        transfer(1, "budget.approve", "POST", ("AUTHORITY", "AVAILABLE/2024"), 10_000),
        transfer(2, "voucher.issue", "POST", ("AVAILABLE/2024", purse), fen),
        transfer(3, "order.hold", "HOLD", (purse, "PAYABLE/c/0"), fen),
        transfer(4, "order.capture", "CAPTURE", (purse, "PAYABLE/c/0"), max(1, fen // 2), hold=hold, hold_fen=fen),
    ]


def download(rows: list[dict], form: Form = Form.JSON, *, spoil=lambda lines: lines) -> list[bytes]:
    """Write rows as the service does: sealed, signed, summed."""
    import hashlib

    head = GENESIS
    for n, row in enumerate(rows, 1):
        digest = leaf(row)
        head = link(head, digest)
        row |= {"n": n, "leaf": digest.hex(), "head": head.hex()}
    point = sign(KEY, n=len(rows), head=head, at=NOW)
    text = head_lines(Part(0, GENESIS, point, "", demo=True), form) + "".join(row_line(row, form) for row in rows)
    sum_ = hashlib.sha256(text.encode()).hexdigest()
    text += end_line(n=len(rows), head=head, rows=len(rows), sha256=sum_, form=form)
    return spoil(text.encode().splitlines(keepends=True))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program without any setting and without an address of a database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JIAOZI", "DATABASE", "DJANGO"))}
    command = [sys.executable, "-c", "from jiaozi.cli.main import run; run()", "verify", *arguments]
    return subprocess.run(command, env=kept | {"COLUMNS": "200"}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("form", list(Form))
def test_the_program_proves_a_file_alone(tmp_path, form: Form) -> None:
    file = tmp_path / "open"
    file.write_bytes(b"".join(download(story(), form)))
    done = run(str(file), "--code", VOUCHER.hex[-12:], "--key", KEY.public_key().public_bytes_raw().hex())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "核验通过" in done.stdout
    assert "50.00" in done.stdout
    assert "25.00" in done.stdout
    assert "第2条" in done.stdout


def test_the_program_names_one_fen(tmp_path) -> None:
    lines = download(story())
    said = json.loads(lines[2])
    lines[2] = json.dumps(said | {"amount_fen": said["amount_fen"] - 1}).encode() + b"\n"
    file = tmp_path / "open.jsonl"
    file.write_bytes(b"".join(lines))
    done = run(str(file), "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert not found["holds"]
    assert found["faults"][0]["n"] == 2
    assert str(named_id("t", 2)) in found["faults"][0]["en"]
    assert "49.99" in found["faults"][0]["zh"]


@pytest.mark.parametrize(
    "text", ["", "hello\n", '{"format":"another"}\n', '{"format":"jiaozi/open-data/1"}\n', "[1]\n", "\xff\n"]
)
def test_what_is_no_open_data_is_refused_in_one_line(tmp_path, text: str) -> None:
    file = tmp_path / "open"
    file.write_bytes(text.encode("latin-1"))
    done = run(str(file))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2
    missing = run(str(tmp_path / "none"))
    assert "can't be read" in missing.stderr


def test_another_key_is_not_believed() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert prove([download(story())], key=KEY.public_key().public_bytes_raw()).holds
    assert "signature" in prove([download(story())], key=other).faults[0].label.en


def test_more_than_was_held_and_more_than_there_is_are_told() -> None:
    over = story()
    over[3]["amount_fen"] = 6_000
    found = [fault.label.en for fault in prove([download(over)]).faults]
    assert "captures CNY 60.00 of a hold of CNY 50.00" in found
    assert any("overdrawn by CNY 10.00" in each for each in found)
    twice = [*story(), transfer(5, "order.capture", "CAPTURE", ("x", "y"), 1)]
    twice[4] |= {"debit": twice[3]["debit"], "credit": "PAYABLE/c/0", "hold": twice[3]["hold"], "hold_fen": 5_000}
    assert any("was resolved before" in fault.label.en for fault in prove([download(twice)]).faults)
    assert any("there is no hold" in fault.label.en for fault in prove([download(story()[:2] + story()[3:])]).faults)


def test_a_resolution_before_its_hold_is_one() -> None:
    rows = story()
    assert prove([download([rows[0], rows[1], rows[3], rows[2]])]).faults == []


@pytest.mark.parametrize(("old", "new"), [('"head":"', '"heed":"'), ('"head":"9', '"head":"8')])
@pytest.mark.parametrize("form", list(Form))
def test_the_head_that_the_last_line_names_is_checked(form, old, new) -> None:
    *lines, last = b"".join(download(story(1), form)).splitlines(keepends=True)
    assert prove([[*lines, last]]).holds
    spoilt = last.replace(old.encode(), new.encode())
    assert spoilt != last
    assert [fault.label.en for fault in prove([[*lines, spoilt]]).faults] == ["the last line names another head"]


@given(st.data())
def test_any_changed_byte_is_found(data) -> None:
    """Whatever is changed in a download, by one byte, it no longer holds: or can't be read."""
    form = data.draw(st.sampled_from(list(Form)))
    text = bytearray(b"".join(download(story(data.draw(st.integers(1, 10_000))), form)))
    place = data.draw(st.integers(0, len(text) - 2))
    text[place] = data.draw(st.integers(1, 255).map(lambda change: text[place] ^ change))
    try:
        proof = prove([bytes(text).splitlines(keepends=True)])
    except UnableToVerify.__mro__[1]:
        return
    assert not proof.holds


@pytest.mark.parametrize("code", ["", " ", "xyz", "12", "g" * 12, "0" * 65])
def test_what_is_no_code_is_refused(code: str) -> None:
    from jiaozi.transparency.rules.verifying import code_of

    with pytest.raises(UnableToVerify):
        code_of(code)


def test_a_code_may_be_written_with_dashes_or_without() -> None:
    for code in (
        str(VOUCHER),
        VOUCHER.hex,
        VOUCHER.hex[-12:].upper(),
        f"{VOUCHER.hex[-12:-8]}-{VOUCHER.hex[-8:-4]}-{VOUCHER.hex[-4:]}",
    ):
        assert {each.n for each in prove([download(story())], code=code).found} == {1, 2, 3, 4}
    assert prove([download(story())], code=UUID(int=5).hex).found == []
