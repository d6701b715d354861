"""Runs a scenario: every seed's demand against every version, each version's figures put together at the end.

All versions of one seed meet the same demand, so that what differs between them is the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jiaozi.kernel.label import Label
from jiaozi.lab.rules.demand import Demand
from jiaozi.lab.rules.facts import lay_out
from jiaozi.lab.rules.filing import Past, from_past
from jiaozi.lab.rules.generating import generate
from jiaozi.lab.rules.measuring import Measured, measure
from jiaozi.lab.rules.playing import play
from jiaozi.lab.rules.reading import Read, UnableToReadScenario, stood, too_many
from jiaozi.lab.rules.summing import About, Changed, Summed, Unpublished, summed
from jiaozi.lab.rules.tracing import Spending, from_trace
from jiaozi.lab.rules.using import spend
from jiaozi.policy import rules as policy
from jiaozi.policy.rules.conditions import SUPPLIERS
from jiaozi.policy.rules.many import weigh

_PHASES = 4
Told = Callable[[str, int, int], None]
"""Is told what is being done, how many steps are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a scenario names, read: its documents in order, as texts and as they are played; and what demand is from."""

    texts: Sequence[str]
    documents: Sequence[policy.Document]
    spending: Spending | None = None
    past: Past | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came out."""

    read: Read
    versions: tuple[Summed, ...]
    seeds: int
    slow: int
    decisions: int


def demand_of(read: Read, sources: Sources, seed: int) -> Demand:
    """Draw one seed's demand.

    Raises
    ------
    UnableToReadScenario
        When there would be none, or more than fits.
    """
    scenario = read.scenario
    made = scenario.demand
    expected, parts = _expected(sources, read)
    over = too_many(expected, parts)
    if over:
        raise UnableToReadScenario([read.marks.problem(("demand",), over)])
    if made.trace and sources.spending:
        drawn = from_trace(scenario, made.trace, sources.spending, seed)
    elif made.file and sources.past and scenario.use:
        drawn = from_past(scenario, sources.past, scenario.use, seed)
    elif made.generated and scenario.use:
        drawn = generate(scenario, made.generated, scenario.use, seed)
    else:
        raise read.refuse(("demand",), "缺少需求来源", "the source of the demand is missing")
    if not drawn.count:
        raise read.refuse(("demand",), "没有一件申领", "there is no application")
    return drawn


def _expected(sources: Sources, read: Read) -> tuple[float, int]:
    """Guess how many applications a trace or file brings, and the purchases of each."""
    trace, use = read.scenario.demand.trace, read.scenario.use
    if trace and sources.spending:
        spent = sources.spending
        rows = len(spent.user) / spent.users * (trace.holders or spent.users) * trace.repeat
        return rows, spent.spent_fen.shape[1]
    return len(sources.past.day) if sources.past else 0, use.purchases if use else 1


def run(read: Read, sources: Sources, told: Told) -> Result:
    """Play every seed against every version.

    Cost: an application and version about 3 µs, of which half is drawing and measuring; memory about 400 bytes an
    application, whatever the number of versions and seeds.
    """
    scenario = read.scenario
    plays: dict[str, list[Measured]] = {version.id: [] for version in scenario.versions}
    steps = _Steps(told, scenario.seeds.count * (1 + _PHASES * len(scenario.versions)))
    for seed in range(scenario.seeds.first, scenario.seeds.first + scenario.seeds.count):
        steps.begin(f"{seed}: 需求 demand")
        demand = demand_of(read, sources, seed)
        for index, version in enumerate(scenario.versions):
            steps.about = f"{seed}: {version.id} × {demand.count:,}"
            plays[version.id].append(_play(read, index, sources.documents[index], demand, steps))
    steps.begin("")
    versions = tuple(
        summed(
            about(read, index, sources),
            (tuple(scenario.classes), tuple(scenario.sizes)),
            _pool_labels(sources.documents[index]),
            plays[version.id],
        )
        for index, version in enumerate(scenario.versions)
    )
    slow, decisions = sum(one.slow for one in versions), sum(one.decisions for one in versions)
    return Result(read, versions, scenario.seeds.count, slow, decisions)


@dataclass(slots=True)
class _Steps:
    """Counts the steps of a run and tells each as it begins."""

    told: Told
    all: int
    done: int = 0
    about: str = ""

    def begin(self, what: str) -> None:
        """Begin the next step."""
        self.told(what, self.done, self.all)
        self.done += 1


def _play(read: Read, index: int, document: policy.Document, demand: Demand, steps: _Steps) -> Measured:
    version = read.scenario.versions[index]
    steps.begin(f"{steps.about} 逐条 clauses")
    table = lay_out(read, index, document, demand)
    made = weigh(document, table, allow_demo=read.scenario.demo, clause_id=version.clause)
    steps.begin(f"{steps.about} 上限 caps")
    played = play(made)
    steps.begin(f"{steps.about} 用券 use")
    spent = [*spend(made, played, demand)]
    steps.begin(f"{steps.about} 汇总 sums")
    return measure(read.scenario, version.begin, demand, (made, played), spent)


def _pool_labels(document: policy.Document) -> dict[str, Label]:
    return {name: cap.label for name, cap in document.programme.caps.items()}


def about(read: Read, index: int, sources: Sources) -> About:
    """Say which document a version is, what of it is not published, and what the scenario changed."""
    version, document = read.scenario.versions[index], sources.documents[index]
    programme = document.programme
    hidden = [
        Unpublished(name, one.label, "—" if one.demo is None else str(one.demo))
        for name, one in programme.parameters.items()
        if one.unpublished
    ]
    if programme.suppliers.unpublished:
        names = "、".join(one.id for one in programme.suppliers.named) or "—"
        hidden.append(Unpublished(SUPPLIERS, Label("供给方名单", "list of suppliers"), names))
    hidden += [
        Unpublished(test.name, test.label, "按演示适用 applied in the demo")
        for tests in document.tests.values()
        for test in tests
        if test.unpublished
    ]
    return About(
        version.id,
        version.label,
        document.slug,
        policy.load(sources.texts[index]).version,
        programme.title.label,
        version.begin.isoformat(),
        tuple(hidden),
        tuple(
            Changed(place, before, str(value))
            for (place, value), before in zip(
                version.change.items(), stood(read, index, sources.texts[index]), strict=True
            )
        ),
    )


def try_out(read: Read, sources: Sources) -> None:
    """Lay one seed's demand out for every version, so that a fact or column that does not fit is found.

    Raises
    ------
    UnableToReadScenario
        Naming it.
    """
    demand = demand_of(read, sources, read.scenario.seeds.first)
    for index in range(len(read.scenario.versions)):
        lay_out(read, index, sources.documents[index], demand)
