"""A trace becomes captures: each job whole or held back with its reason, each once, whatever happens in between."""

from datetime import timedelta
from uuid import UUID

import pytest

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageDispute, UsageRow
from jiaozi.metering.rules.admitting import UnableToImport
from jiaozi.party import services as party
from jiaozi.party.rules import Actor, EndUser, HolderClass, Role, UnableToActForCentre, UnableToActForProgramme
from jiaozi.voucher import services as voucher
from jiaozi.voucher.queries import purse
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, OPERATOR, OTHER_CENTRES_CLERK, PROGRAMME

SUBMIT = 1_357_000_000


def line(job, run=3600, processors=2, user=1, *, wait=5, status=1, submit=SUBMIT, requested=1):
    numbers = f"{job} {submit} {wait} {run} {processors} -1 -1 {requested} 7200 -1 {status} {user} 1 1 1 1 -1 -1"
    return f"{numbers} {{7,7}} q_1d 1:ppn=2"


def load(scene, lines, *, accounts=None, now=None, **said):
    words = {"centre": CENTRE, "programme": PROGRAMME, "by": OPERATOR, "now": now or scene.now}
    chosen = {"1": scene.voucher.id} if accounts is None else accounts
    return metering.import_jobs(lines=lines, accounts=chosen, **{**words, **said})


def fates():
    rows = UsageRow.objects.order_by("record_id").values_list("record_id", "state", "reason_code")
    return {record_id: reason or state for record_id, state, reason in rows}


def test_jobs_become_captures_of_run_time_alone(scene):
    # 2 cores × 1 h × 0.15 yuan = 30 fen; a day in the queue costs nothing
    found = load(scene, ["; Computer: none", line(1, wait=86_400), line(2, run=10, processors=1)])
    assert (found.jobs, found.captured, found.voucher_fen, found.own_fen) == (2, 2, 15, 15)
    first, second = Capture.objects.order_by("-price_fen")
    assert (first.price_fen, first.voucher_fen, first.own_fen, first.kind) == (30, 15, 15, "IMPORT")
    assert second.price_fen == 0
    row = UsageRow.objects.get(record_id="swf:1")
    assert (row.elapsed_ms, row.units, row.charge_ufen, row.capture_id) == (3_600_000, 2, 30_000_000, first.id)
    assert row.started_at.timestamp() == SUBMIT + 86_400
    assert purse(scene.voucher.id).used_fen == 15
    assert queries.audit() == ledger.audit() == []


def test_same_file_again_captures_nothing_again(scene):
    lines = [line(job) for job in range(20)]
    load(scene, lines)
    payable, captures = ledger.total(PROGRAMME, AccountKind.PAYABLE), Capture.objects.count()
    again = load(scene, lines)
    assert (again.captured, again.same, again.disputes) == (0, 20, 0)
    assert (ledger.total(PROGRAMME, AccountKind.PAYABLE), Capture.objects.count()) == (payable, captures)
    assert JournalLine.objects.filter(stage="metering").count() == 1


def test_changed_line_is_a_dispute(scene):
    load(scene, [line(1), line(2)])
    for _ in range(2):
        changed = load(scene, [line(1, run=9000), line(2)])
    assert (changed.captured, changed.same, changed.disputes) == (0, 1, 0)
    (dispute,) = queries.disputes(CENTRE)
    assert (dispute.record_id, dispute.payload["elapsed_ms"]) == ("swf:1", 9_000_000)
    assert UsageRow.objects.get(record_id="swf:1").elapsed_ms == 3_600_000


def test_line_that_comes_twice_in_a_file(scene):
    found = load(scene, [line(1), line(1), line(1, run=7)])
    assert (found.captured, found.same, found.disputes) == (1, 1, 1)
    assert UsageDispute.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        (line(1, run=-1), "ELAPSED_NOT_POSITIVE"),
        (line(1, run=0), "ELAPSED_NOT_POSITIVE"),
        (line(1, processors=0, requested=-1), "UNITS_NOT_POSITIVE"),
        (line(1, processors=-1, requested=4), "CAPTURED"),
        (line(1, user=99), "ACCOUNT_UNKNOWN"),
        (line(1, status=3), "PART_OF_A_JOB"),
        (line(1, submit=100), "TARIFF_NOT_VALID"),
        (line(1, processors=2_000_000_000, run=3_000_000_000), "PRICE_TOO_LARGE"),
        (line(1, processors=2_000, run=10_000_000), "VOUCHER_SHORT"),
        (line(1, status=0), "CAPTURED"),
        (line(1, wait=-1), "CAPTURED"),
    ],
)
def test_each_job_has_a_fate(scene, text, fate):
    found = load(scene, [text])
    assert list(fates().values()) == [fate]
    assert sum(found.held_back.values()) + found.captured == 1
    row = UsageRow.objects.get()
    assert bool(row.reason_zh) == bool(row.reason_en) == (fate != "CAPTURED")
    assert queries.audit() == ledger.audit() == []


def test_unknown_class_is_never_free(scene):
    load(scene, [line(1)], resource_class="gpu-unheard-of")
    assert fates() == {"swf:1": "RESOURCE_UNKNOWN"}


def test_own_share_that_is_not_covered_holds_the_job_back_whole(scene):
    poor = scene.world.holder("无预存", serial=77)
    row = scene.world.voucher(poor)
    found = load(scene, [line(1, user=5)], accounts={"5": row.id})
    assert dict(found.held_back) == {"OWN_SHARE_SHORT": 1}
    assert purse(row.id).used_fen == 0


def test_what_fits_is_captured_in_order_and_nothing_in_part(scene):
    small = scene.another("0.4")  # half of it: 20 fen
    found = load(scene, [line(1, user=5), line(2, user=5), line(3, run=600, user=5)], accounts={"5": small.id})
    assert fates() == {"swf:1": "CAPTURED", "swf:2": "VOUCHER_SHORT", "swf:3": "CAPTURED"}
    assert (found.voucher_fen, purse(small.id).spendable_fen) == (17, 3)  # 15, then half of 5 rounded down


def test_voucher_that_has_ended_pays_nothing(scene):
    late = scene.now + timedelta(days=400)
    load(scene, [line(1)], now=late)
    voucher.freeze(voucher_id=scene.voucher.id, reason="核查", by=OFFICER, now=scene.now)
    load(scene, [line(2)])
    assert fates() == {"swf:1": "VOUCHER_EXPIRED", "swf:2": "VOUCHER_NOT_ACTIVE"}


def test_intermediarys_use_needs_its_end_user(scene):
    holder = scene.world.holder("算力中介", HolderClass.INTERMEDIARY, serial=60)
    named = EndUser(name="最终用户甲")
    party.name_end_user(intermediary=holder.id, end_user=named, by=OFFICER, now=scene.now)
    scene.world.credit(holder)
    row = scene.world.voucher(holder)
    load(scene, [line(1, user=5)], accounts={"5": row.id})
    assert fates() == {"swf:1": "END_USER_MISSING"}


def test_one_wrong_line_stops_the_file_unless_told_otherwise(scene):
    lines = [line(1), "2 nonsense", "", line(3)]
    with pytest.raises(UnableToImport) as refused:
        load(scene, lines)
    assert [each.line for each in refused.value.bad] == [2]
    assert "field 2 (submit)" in str(refused.value)
    assert not UsageRow.objects.exists()
    found = load(scene, lines, skip_bad=True)
    assert (found.captured, [each.line for each in found.bad]) == (2, [2])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"accounts": {"1": UUID(int=1)}}, "NO_SUCH_VOUCHER"),
        ({"by": OFFICER}, "WRONG_ROLE"),
        ({"trace": "a/b"}, "TRACE_NAME_WRONG"),
        ({"centre": "deyang", "by": OPERATOR}, "NOT_A_SUPPLIER"),
        ({"programme": "nowhere", "accounts": {}}, None),
    ],
)
def test_wrong_names_are_refused_before_anything_is_stored(scene, said, code):
    if code is None:
        assert load(scene, [line(1)], **said).captured == 0
        return
    with pytest.raises(UnableToImport) as refused:
        load(scene, [line(1)], **said)
    assert refused.value.reason.code == code
    assert not UsageRow.objects.exists()


def test_traces_that_number_anew_are_told_apart_by_name(scene):
    load(scene, [line(1)], trace="march")
    found = load(scene, [line(1, run=60)], trace="april")
    assert (found.captured, found.disputes) == (1, 0)
    assert set(fates()) == {"swf:march:1", "swf:april:1"}


def test_dealing_users_over_vouchers_is_always_the_same(scene):
    others = [scene.another() for _ in range(2)]
    words = {"centre": CENTRE, "programme": PROGRAMME, "by": OPERATOR, "now": scene.now}
    lines = [line(job, user=job) for job in range(1, 10)]
    found = metering.import_jobs(lines=lines, accounts=None, **words)
    assert found.captured == 9
    dealt = sorted([scene.voucher.id, *(row.id for row in others)])
    payers = {u.account: u.capture.voucher_id for u in UsageRow.objects.select_related("capture")}
    assert payers == {str(user): dealt[(user - 1) % 3] for user in range(1, 10)}


def test_unix_start_time_shifts_relative_traces(scene):
    load(scene, ["; UnixStartTime: 1357000000", line(1, submit=10, wait=5)])
    assert UsageRow.objects.get().started_at.timestamp() == 1_357_000_015


def test_ledger_has_the_last_word(scene, monkeypatch):
    """Money that went elsewhere between looking and posting: the job is held back, its neighbours stand."""
    from jiaozi.metering.services import posting as room

    small = scene.another("0.4")
    monkeypatch.setattr(room.books, "balances", lambda accounts: {account.id: _Rich() for account in accounts})
    load(scene, [line(1, user=5), line(2), line(3, user=5)], accounts={"5": small.id, "1": scene.voucher.id})
    assert sorted(fates().values()) == ["CAPTURED", "CAPTURED", "VOUCHER_SHORT"]
    monkeypatch.undo()
    assert queries.audit() == ledger.audit() == []
    assert parse_yuan("0.2") - purse(small.id).used_fen == 5


class _Rich:
    spendable = 10**9


@pytest.mark.parametrize("accounts", [{"1": "voucher"}, None, {}])
def test_a_centre_never_says_whose_voucher_pays(scene, accounts):
    """It is refused a map, is dealt no vouchers, and what it imports without one waits for the operator."""
    words = {"centre": CENTRE, "programme": PROGRAMME, "by": CENTRE_CLERK, "now": scene.now}
    named = dict.fromkeys(accounts, scene.voucher.id) if accounts else accounts
    if named:
        with pytest.raises(UnableToImport) as refused:
            metering.import_jobs(lines=[line(1)], accounts=named, **words)
        assert (refused.value.reason.code, refused.value.reason.field) == ("PAYER_NOT_YOURS", "accounts")
        assert not UsageRow.objects.exists()
        return
    metering.import_jobs(lines=[line(1)], accounts=named, **words)
    assert fates() == {"swf:1": "ACCOUNT_UNKNOWN"}
    assert "operator" in UsageRow.objects.get().reason_en
    metering.retry_usage(
        usage_id=UsageRow.objects.get().id, voucher_id=scene.voucher.id, reason="核对合同", by=OPERATOR, now=scene.now
    )
    assert fates() == {"swf:1": "CAPTURED"}


def test_an_operator_of_another_programme_names_no_payer(scene):
    far = Actor("operator:far", Role.OPERATOR, programme="beijing")
    for accounts in ({"1": scene.voucher.id}, None):
        with pytest.raises(UnableToActForProgramme):
            metering.import_jobs(
                lines=[line(1)], accounts=accounts, centre=CENTRE, programme=PROGRAMME, by=far, now=scene.now
            )
    assert not UsageRow.objects.exists()


def test_a_centre_imports_its_own_usage_alone(scene):
    with pytest.raises(UnableToActForCentre, match="your own centre"):
        load(scene, [line(1)], by=OTHER_CENTRES_CLERK)
    assert not UsageRow.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        {"resource_class": "r" * 41},
        {"resource_class": "cpu\tcore"},
        {"resource_class": "cpu\0core"},
        {"programme": "a\0b"},
        {"centre": "a\0b", "by": OPERATOR},
        {"trace": "a\0b"},
        {"trace": "x" * 5000},
        {"accounts": {"a\0b": UUID(int=1)}},
        {"accounts": {"x" * 121: UUID(int=1)}},
    ],
)
def test_names_that_can_not_be_kept_are_refused_in_one_line(scene, said):
    with pytest.raises(Refused) as refused:
        load(scene, [line(1)], **said)
    shown = refused.value.in_language("zh") + refused.value.in_language("en")
    assert len(shown) < 400
    assert shown.isprintable()
    assert refused.value.reason.field == next(iter(said))
    assert not UsageRow.objects.exists()
