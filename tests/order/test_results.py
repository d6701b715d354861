"""Results of an order as files: what lies here is handed to its holder alone, whole or not at all, bounded."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest

from jiaozi.engines.staging.handing import hand_out
from jiaozi.kernel import clock
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import OrderData
from jiaozi.order.ports import UnableToMove
from jiaozi.order.rules import results
from jiaozi.order.rules.results import UnableToHandOut
from jiaozi.order.rules.staging import DataState
from jiaozi.party.rules import Role, UnableToSee
from tests.order.test_staging import held, home, places, run, two, voucher, wishes
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import CENTRE_CLERK, OFFICER, OPERATOR

__all__ = ["places", "two", "voucher"]
CONTENT = bytes(range(256)) * 700


@pytest.fixture
def back(world, two, voucher, places):
    """An order whose result was brought back to its holder's own folder."""
    row = held(world, voucher, wishes(places, voucher))
    order.move_data(order_id=row.id, now=world.now)
    run(world, two[0], row, places, CONTENT)
    order.move_data(order_id=row.id, now=world.now + timedelta(hours=2))
    return queries.order(row.id)


def out_of(row) -> OrderData:
    return next(each for each in queries.data_of(row.id) if each.direction == "OUT")


def taken(world, row, by=None):
    found = order.result(order_id=row.id, data_id=out_of(row).id, by=by or world.applicant(row.holder), now=clock.now())
    return found, b"".join(found.pieces)


def test_what_was_brought_back_is_given_whole_with_its_digest(world, back):
    found, content = taken(world, back)
    assert content == CONTENT
    assert (found.name, found.size, found.sha256) == ("out.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert order.handed_out(back, queries.data_of(back.id)) == {out_of(back).id}


def test_nobody_but_the_holders_people_has_it(world, back):
    for by in (OFFICER, OPERATOR, CENTRE_CLERK, world.applicant(world.holder("别家", serial=5))):
        with pytest.raises(UnableToSee):
            taken(world, back, by)


def test_an_input_and_what_lies_elsewhere_are_not_given(world, back):
    given = next(each for each in queries.data_of(back.id) if each.direction == "IN")
    by = world.applicant(back.holder)
    with pytest.raises(UnableToHandOut, match="does not keep"):
        order.result(order_id=back.id, data_id=given.id, by=by, now=world.now)
    OrderData.objects.filter(id=out_of(back).id).update(url="s3://bucket/out.bin")
    with pytest.raises(UnableToHandOut, match="fetch it from its URL"):
        taken(world, back)
    assert order.handed_out(back, queries.data_of(back.id)) == set()


def test_what_could_not_be_brought_back_is_given_from_where_it_was_left(world, back, places):
    OrderData.objects.filter(id=out_of(back).id).update(state=DataState.FAILED, size=None, sha256="")
    found, content = taken(world, back)
    assert (content, found.sha256) == (CONTENT, "")


def test_a_file_that_was_changed_or_is_too_large_is_refused_with_both_sizes(world, back, places, voucher, monkeypatch):
    home(places, voucher, "out.bin").write_bytes(CONTENT + b"!")
    with pytest.raises(UnableToHandOut, match=f"of {len(CONTENT)} bytes .* has {len(CONTENT) + 1} now"):
        taken(world, back)
    home(places, voucher, "out.bin").write_bytes(CONTENT)
    monkeypatch.setattr(results, "BYTES_MAX", len(CONTENT) - 1)
    with pytest.raises(UnableToHandOut, match=f"{len(CONTENT) - 1} at most"):
        taken(world, back)
    home(places, voucher, "out.bin").unlink()
    with pytest.raises(UnableToMove, match="is not there"):
        taken(world, back)


def test_no_link_leads_out_of_the_holders_folder(world, back, places, voucher):
    secret = places / "secret"
    secret.write_bytes(CONTENT)
    path = home(places, voucher, "out.bin")
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(UnableToMove, match="out of the places that are allowed"):
        taken(world, back)


def handed(path: Path, root: Path, *, late: int = 10, piece_bytes: int = 100):
    now = clock.now()
    words = {"piece_bytes": piece_bytes, "until": now + timedelta(seconds=late), "now": lambda: now}
    return hand_out(str(path), str(root), "file:///x", **words)


def test_a_link_laid_after_the_look_is_seen_when_it_is_open(tmp_path):
    """The mover's look at the path is past by then: what counts is the file that was opened."""
    (tmp_path / "own").mkdir()
    (tmp_path / "other").write_bytes(b"secret")
    link = tmp_path / "own" / "a"
    link.symlink_to(tmp_path / "other")
    with pytest.raises(UnableToMove, match="out of the places"):
        handed(link, tmp_path / "own")


@pytest.mark.parametrize("kind", ["fifo", "folder", "missing"])
def test_what_is_no_file_blocks_nobody(tmp_path, kind):
    path = tmp_path / "a"
    if kind == "fifo":
        os.mkfifo(path)
    if kind == "folder":
        path.mkdir()
    with pytest.raises(UnableToMove):
        handed(path, tmp_path)


def test_no_more_is_given_than_was_there_and_nothing_after_the_time(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 250)
    content = handed(path, tmp_path)
    assert content.size == 250
    first = next(content.pieces)
    path.write_bytes(b"y" * 900)
    assert len(first) + sum(map(len, content.pieces)) == 250
    assert list(handed(path, tmp_path, late=-1).pieces) == []
    left = handed(path, tmp_path)
    left.close()
    with pytest.raises(ValueError, match="closed"):
        next(left.pieces)


def test_the_page_lists_shows_and_gives_the_results(world, back):
    browser = signed_in(member("li", Role.APPLICANT, world.now, organisation=back.holder_id))
    words = text_of(browser.get(f"/orders/{back.id}").content)
    row = out_of(back)
    for part in ("已到达并核验", row.sha256, row.url, str(row.size), "下载 out.bin"):
        assert part in words
    answer = browser.get(f"/orders/{back.id}/results/{row.id}")
    assert b"".join(answer.streaming_content) == CONTENT
    assert answer["Content-Disposition"] == 'attachment; filename="out.bin"'
    assert (answer["Content-Length"], answer["Content-Type"]) == (str(len(CONTENT)), "application/octet-stream")
    OrderData.objects.filter(id=row.id).update(name="结果.bin")
    answer = browser.get(f"/orders/{back.id}/results/{row.id}")
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''%E7%BB%93%E6%9E%9C.bin"
    OrderData.objects.filter(id=row.id).update(url="s3://bucket/out.bin", name="out.bin")
    told = browser.get(f"/orders/{back.id}/results/{row.id}", follow=True)
    assert "该文件不在本平台" in text_of(told.content)
    assert "s3://bucket/out.bin" in text_of(told.content)
    auditor = signed_in(member("shen", Role.AUDITOR, world.now))
    seen = text_of(auditor.get(f"/orders/{back.id}").content)
    assert row.sha256 in seen
    assert "s3://bucket/out.bin" not in seen
    assert auditor.get(f"/orders/{back.id}/results/{row.id}").status_code == 403


def test_the_api_gives_the_same(world, back):
    from datetime import timedelta as span

    from jiaozi.party import queries as party
    from jiaozi.party import services
    from jiaozi.party.models import Membership
    from jiaozi.party.rules import Scope, TokenRequest
    from tests.api.conftest import Caller

    person = member("api", Role.APPLICANT, world.now, organisation=back.holder_id)
    own = Membership.objects.get(person_id=person)
    asked = TokenRequest(label="t", scopes=frozenset({Scope.READ, Scope.SPEND}), expires_at=clock.now() + span(days=1))
    by = party.actor_of(person, own.id, now=clock.now())
    _, text = services.issue_token(membership_id=own.id, request=asked, by=by, now=clock.now())
    caller = Caller("api", text)
    data = next(each for each in caller.get(f"/orders/{back.id}").json()["data"] if each["direction"] == "OUT")
    answer = caller.get(f"/orders/{back.id}/data/{data['id']}/content")
    assert b"".join(answer.streaming_content) == CONTENT
    assert answer["Content-Length"] == str(data["size"])
