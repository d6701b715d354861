"""Leases on a holder's page, at the command line of a centre and of a holder: the sums add up."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from jiaozi.cli.agent import app as agent_app
from jiaozi.cli.lease import app as lease_app
from jiaozi.lease import queries, services
from jiaozi.order.models import Order
from jiaozi.party.rules import Role
from jiaozi.settlement.queries import audit_all
from jiaozi.web.templatetags.figures import exact
from tests.lease.city import CLASS
from tests.lease.test_leases import opened, set_aside
from tests.web.people import member, signed_in
from tests.world import CENTRE


def test_the_page_shows_what_is_set_aside_and_adds_up(centres):
    (lease,) = opened(centres)
    centres.submit(centres.wish(lease.id))
    centres.settle(2)
    person = member("leaseholder", Role.APPLICANT, centres.at, organisation=centres.holder.id)
    for language, word in (("en", "Set aside at centres"), ("zh-hans", "中心本地额度")):
        page = signed_in(person, language).get(f"/vouchers/{centres.voucher.id}").content.decode()
        assert word in page
        assert str(exact(set_aside(centres))) in page
        assert str(lease.id) in page


def test_a_holder_signs_and_a_centre_runs_it_without_the_platform(centres, tmp_path):
    runner, key = CliRunner(), tmp_path / "holder.key"
    public = runner.invoke(lease_app, ["key", str(key)])
    assert runner.invoke(lease_app, ["key", str(key)]).output == public.output
    assert key.stat().st_mode & 0o777 == 0o600
    services.allow(voucher_id=centres.voucher.id, holder_key=public.output, by=centres.by, now=centres.at)
    centres.settle(2)
    lease, both = centres.lease(), centres.both[CENTRE]
    options = tmp_path / "agent.json"
    options.write_text(
        json.dumps({
            "centre": CENTRE, "platform_url": "http://127.0.0.1:9/nobody", "engine": "process",
            "engine_options": {"enabled": False, "spool": str(tmp_path / "jobs"), "var": str(tmp_path)},
            "spool": str(both.folder / "agent.db"), "key_file": str(both.folder / "agent.key"),
            "platform_key_file": str(both.folder / "platform.pub"),
        })
    )  # fmt: skip
    (shown,) = json.loads(runner.invoke(agent_app, ["leases", "--options", str(options)]).output)
    assert (shown["lease"], shown["voucher_left_fen"]) == (str(lease.id), lease.voucher_fen)
    wish = tmp_path / "wish"
    words = ["wish", "--key", str(key), "--lease", str(lease.id), "--class", CLASS, "--seconds", "30", "--", "true"]
    wish.write_text(runner.invoke(lease_app, words).output)
    for _ in range(2):
        said = runner.invoke(agent_app, ["submit", str(wish), "--options", str(options)])
        assert said.exit_code == 0, said
    order_id = json.loads(said.output)["order"]
    centres.settle(3, seconds=31)
    assert [str(row.id) for row in Order.objects.all()] == [order_id]
    assert queries.jobs(lease.id)[0].reason_code == ""
    assert audit_all().findings == ()
