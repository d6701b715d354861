"""A platform and a centre with an agent between them, and a line that can be made to fail; the engine runs nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jiaozi.engines import reading
from jiaozi.engines.agent import connect, envelope
from jiaozi.engines.agent.link import Line
from jiaozi.engines.agent.runner import Agent, UnableToReachPlatform
from jiaozi.engines.agent.spool import Spool
from jiaozi.kernel import signed
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import (
    JUPYTERLAB,
    SSH,
    Access,
    Capacity,
    EngineJob,
    Forecast,
    JobOutcome,
    JobSpec,
    JobState,
    JobStatus,
    UnableToExtend,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToSubmit,
    UsagePage,
    UsageRecord,
)

BEGAN = datetime(2026, 11, 25, tzinfo=UTC)
TOKEN = "the-way-in-of-one-session"


class Paper:
    """An engine that keeps its jobs in memory and lets time pass when it is told to; counts what it was asked."""

    name, granularity_ms, kill_lag_ms = "paper", 1_000, 0

    def __init__(self):
        self.jobs, self.submissions, self.away, self.at, self.attempts = {}, {}, False, BEGAN, []
        self.raises, self.cancels = {}, []

    def submit(self, spec, *, first_attempt=False):
        assert not first_attempt or spec.order_id not in self.submissions, "a second attempt was called the first"
        self._check(spec.order_id)
        self.attempts.append((spec.order_id, first_attempt))
        if spec.resource_class == "none":
            raise UnableToSubmit("RESOURCE_CLASS_UNKNOWN", "没有", "there is no such class", field="resource_class")
        self.submissions[spec.order_id] = self.submissions.get(spec.order_id, 0) + 1
        there = spec.order_id in self.jobs
        self.jobs.setdefault(spec.order_id, {"spec": spec, "began": self.at, "ended": None, "outcome": None})
        return EngineJob(order_id=spec.order_id, engine_job=f"paper-{spec.order_id}", already_there=there)

    def tick(self, seconds):
        self.at += timedelta(seconds=seconds)
        for job in self.jobs.values():
            end = job["began"] + timedelta(milliseconds=job["spec"].time_limit_ms)
            if job["ended"] is None and end <= self.at:
                job |= {"ended": end, "outcome": JobOutcome.SUCCEEDED}

    def status(self, order_ids):
        self._check(*order_ids)
        return {order_id: self._status(order_id) for order_id in order_ids if order_id in self.jobs}

    def _status(self, order_id):
        job = self.jobs[order_id]
        return JobStatus(
            order_id=order_id, engine_job=f"paper-{order_id}", submitted_at=job["began"], started_at=job["began"],
            state=JobState.ENDED if job["ended"] else JobState.RUNNING, outcome=job["outcome"], ended_at=job["ended"],
        )  # fmt: skip

    def cancel(self, order_id):
        self._check(order_id)
        self.cancels.append(order_id)
        if order_id not in self.jobs:
            raise UnableToFindJob("job_unknown", "没有", "no such job")
        if self.jobs[order_id]["ended"] is None and self.ends(order_id):
            self.jobs[order_id] |= {"ended": self.at, "outcome": JobOutcome.CANCELLED}

    def ends(self, order_id):
        return True

    def usage(self, cursor):
        self._check()
        listed = [
            reading.Listed(str(order_id), int(job["began"].timestamp() * 1000), job["ended"] is not None)
            for order_id, job in self.jobs.items()
        ]
        by_key = {str(order_id): order_id for order_id in self.jobs}
        giving, after, more = reading.advance(reading.read(cursor), listed, page=7)
        return UsagePage(tuple(self.record(by_key[each.key]) for each in giving), reading.write(after), more=more)

    def record(self, order_id):
        job = self.jobs[order_id]
        elapsed = job["ended"] - job["began"]
        return UsageRecord(
            record_id=f"paper:{order_id}", order_id=order_id, resource_class=job["spec"].resource_class,
            units=job["spec"].cores, started_at=job["began"], ended_at=job["ended"], outcome=job["outcome"],
            elapsed_ms=int(elapsed.total_seconds() * 1000),
        )  # fmt: skip

    def forecast_start(self, spec, now):
        return Forecast(now)

    def capacity(self):
        self._check()
        return (Capacity(resource_class="cpu", units_total=8, units_free=8, jobs_queued=0),)

    def logs(self, order_id, tail_bytes):
        self._check(order_id)
        return f"log of {order_id}".encode()[-tail_bytes:]

    def _check(self, *order_ids):
        if self.away:
            raise UnableToReachEngine("CENTRE_UNREACHABLE", "断", "away")
        for order_id in order_ids:
            if order_id in self.raises:
                raise self.raises[order_id]


class Sittings(Paper):
    """Opens sessions on paper, and does with more time what a test tells it to."""

    end_grace_ms = 2_000

    def __init__(self):
        super().__init__()
        self.sessions, self.listens, self.kept, self.content = {SSH, JUPYTERLAB}, True, {}, {}
        self.refuses = self.loses_answers = False

    def limit_ms(self, order_id):
        return self.jobs[order_id]["spec"].time_limit_ms

    def extend(self, order_id, time_limit_ms):
        self._check(order_id)
        if order_id not in self.jobs:
            raise UnableToFindJob("job_unknown", "没有", "no such job")
        job = self.jobs[order_id]
        if time_limit_ms <= self.limit_ms(order_id):
            return
        end = job["began"] + timedelta(milliseconds=self.limit_ms(order_id) - self.end_grace_ms)
        if job["ended"] or self.at >= end:
            raise UnableToExtend("SESSION_ENDING", "即将结束", "about to end", field="order")
        if self.refuses:
            raise UnableToExtend("PARTITION_FULL", "分区不允许", "the partition does not allow it", field="adds_ms")
        job["spec"] = replace(job["spec"], time_limit_ms=time_limit_ms)
        if self.loses_answers:
            raise UnableToReachEngine("CENTRE_UNREACHABLE", "断", "raised, and the answer is lost")

    def access(self, order_id):
        self._check(order_id)
        if not self.listens or self.jobs[order_id]["ended"]:
            return None
        return Access(
            opens=JUPYTERLAB, node="n1", host="127.0.0.1", port=8888, token=f"{TOKEN}-{self.jobs[order_id]['began']}"
        )

    def saved(self, order_id):
        self._check(order_id)
        return self.kept.get(order_id)

    def read_saved(self, order_id):
        self._check(order_id)
        yield self.content[order_id]


class Both:
    """The platform, the agent, and the line between them."""

    def __init__(self, folder, exchange=None, centre="sichuan", paper=None):
        self.folder, self.centre = folder, centre
        for side in ("platform", "agent"):
            signed.make_key(folder / f"{side}.key")
            (folder / f"{side}.pub").write_bytes(envelope.public_half(folder / f"{side}.key"))
        self.options = {
            "centre": centre, "spool": str(folder / "desk.db"), "key_file": str(folder / "platform.key"),
            "agent_key_file": str(folder / "agent.pub"), "granularity_ms": 1_000, "kill_lag_ms": 0,
        }  # fmt: skip
        self.paper, self.asked = paper or Paper(), set()
        self.exchange = exchange or self.direct
        self.open_platform()
        self.open_agent()

    def open_platform(self):
        self.engine = connect(self.options)

    def open_agent(self):
        line = Line(
            me=f"agent:{self.centre}", other="platform", centre=self.centre,
            key=envelope.private_key(str(self.folder / "agent.key")),
            other_key=envelope.public_key(str(self.folder / "platform.pub")),
        )  # fmt: skip
        spool = Spool(self.folder / "agent.db")
        self.agent = Agent(line, spool, self.paper, self._carry)

    def _carry(self, letter):
        return self.exchange(letter)

    def direct(self, letter):
        return self.engine.desk.answer(letter)

    def cut(self, letter):
        raise UnableToReachPlatform("cut")

    def submitted(self, spec):
        """Say whether the job was taken; an order asks again and again, and knows its first attempt."""
        first = spec.order_id not in self.asked
        self.asked.add(spec.order_id)
        try:
            return self.engine.submit(spec, first_attempt=first)
        except UnableToReachEngine:
            return None

    def records(self, cursor=""):
        found, more = [], True
        while more:
            page = self.engine.usage(cursor)
            found += page.records
            cursor, more = page.cursor, page.more
        return found


def spec(**limits):
    wanted = {"cores": 1, "memory_mib": 64, "time_limit_ms": 5_000, "resource_class": "cpu", "order_id": new_id()}
    return JobSpec(command=("true",), **{**wanted, **limits})
