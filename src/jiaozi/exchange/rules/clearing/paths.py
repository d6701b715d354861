"""The most that goes from a node to another within the room between them, in whole numbers (Edmonds and Karp)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

Room = Sequence[dict[int, int]]
"""Node → neighbour → what still fits between them."""


def fill(room: Room, source: int, sink: int) -> int:
    """Send as much as fits, by shortest paths; ``room`` is left as what still fits. Gives how much was sent."""
    sent = 0
    while sink in (came := reached(room, source)):
        path, node = [], sink
        while node != source:
            path.append((came[node], node))
            node = came[node]
        least = min(room[one][other] for one, other in path)
        for one, other in path:
            room[one][other] -= least
            room[other][one] = room[other].get(one, 0) + least
        sent += least
    return sent


def reached(room: Room, source: int) -> dict[int, int]:
    """Give every node that room leads to from the source, and where one comes from; the fewest steps first."""
    came = {source: source}
    queue = deque([source])
    while queue:
        node = queue.popleft()
        for other, left in room[node].items():
            if left > 0 and other not in came:
                came[other] = node
                queue.append(other)
    return came
