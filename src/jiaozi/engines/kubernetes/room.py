"""What the nodes have and what is free on them, in units of a resource class. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from lightkube.models.core_v1 import Node
from lightkube.resources.core_v1 import Pod
from lightkube.utils.quantity import parse_quantity

from jiaozi.engines.kubernetes.options import ClassOptions
from jiaozi.order.ports import JobSpec

_MIB = 1 << 20


def needs(spec: JobSpec, made: ClassOptions) -> dict[str, Decimal]:
    """Give what a job takes of its node."""
    takes = {"cpu": Decimal(spec.cores), "memory": Decimal(spec.memory_mib * _MIB)}
    return {**takes, made.resource: Decimal(spec.cards)} if made.resource else takes


def ever_fits(nodes: Iterable[Node], spec: JobSpec, made: ClassOptions) -> bool:
    """Say whether some node, free or not, ready or away, could take the job."""
    wanted = needs(spec, made)
    return any(_covers(_has(node), wanted) for node in nodes if _chosen(node, made))


def fits_now(nodes: Sequence[Node], pods: Iterable[Pod], spec: JobSpec, made: ClassOptions) -> bool:
    """Say whether a node has room for the job now."""
    wanted, used = needs(spec, made), _used(pods)
    return any(
        _covers(
            {name: amount - used.get((_name(node), name), Decimal(0)) for name, amount in _has(node).items()}, wanted
        )
        for node in nodes
        if _chosen(node, made) and _ready(node)
    )


def units(nodes: Sequence[Node], pods: Iterable[Pod], made: ClassOptions) -> tuple[int, int]:
    """Give a class's units in all, and those that are free."""
    resource, used = made.resource or "cpu", _used(pods)
    total = free = 0
    for node in nodes:
        if _chosen(node, made) and _ready(node):
            has = _has(node).get(resource, Decimal(0))
            total += int(has)
            free += max(0, int(has - used.get((_name(node), resource), Decimal(0))))
    return total, free


def _has(node: Node) -> dict[str, Decimal]:
    told = (node.status.allocatable if node.status else None) or {}
    return _amounts(told)


def _amounts(told: Mapping[str, str]) -> dict[str, Decimal]:
    found = {}
    for name, text in told.items():
        amount = parse_quantity(text)
        if amount is not None:
            found[name] = amount
    return found


def _used(pods: Iterable[Pod]) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = {}
    for pod in pods:
        if pod.spec is None or not pod.spec.nodeName:
            continue
        for container in pod.spec.containers:
            for name, amount in _amounts((container.resources and container.resources.requests) or {}).items():
                key = (pod.spec.nodeName, name)
                found[key] = found.get(key, Decimal(0)) + amount
    return found


def _covers(has: Mapping[str, Decimal], wanted: Mapping[str, Decimal]) -> bool:
    return all(has.get(name, Decimal(0)) >= amount for name, amount in wanted.items())


def _chosen(node: Node, made: ClassOptions) -> bool:
    labels = (node.metadata and node.metadata.labels) or {}
    return all(labels.get(name) == value for name, value in made.selector.items())


def _ready(node: Node) -> bool:
    if node.spec is not None and node.spec.unschedulable:
        return False
    told = (node.status.conditions if node.status else None) or []
    return any(each.type == "Ready" and each.status == "True" for each in told)


def _name(node: Node) -> str:
    return (node.metadata and node.metadata.name) or ""
