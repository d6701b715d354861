"""The options of the platform's end, checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_DEFAULTS = frozenset({"silent_s", "log_bytes_max", "saved_bytes_max"})
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator may set; ``docs/operating/agent.md`` says more of each.

    Attributes
    ----------
    centre
        Whose agent this is, as both sides call it.
    spool
        File of this end's memory; every process of the platform on this machine shares it.
    key_file, agent_key_file
        The platform's private key, and the public one of the agent.
    granularity_ms, kill_lag_ms
        Those of the engine that the agent runs.
    silent_s
        After how long without a word nothing that was told of capacity and sessions is believed.
    log_bytes_max, saved_bytes_max
        How much of a log, and of a session's saved files, comes in letters.
    """

    centre: str
    spool: str
    key_file: str
    agent_key_file: str
    granularity_ms: int
    kill_lag_ms: int
    name: str = "agent"
    silent_s: int = 300
    log_bytes_max: int = 256 * 1024
    saved_bytes_max: int = 32 * 1024 * 1024


def read_options(given: Mapping[str, Any]) -> Options:
    """Check the options.

    Raises
    ------
    ValueError
        Naming the option and what would be right.
    """
    known = {each.name for each in fields(Options)}
    for name in given:
        if name not in known:
            raise ValueError(f"engine option {name!r} is unknown; known are {', '.join(sorted(known))}")
    for name in ("centre", "spool", "key_file", "agent_key_file"):
        if not given.get(name) or not isinstance(given[name], str):
            raise ValueError(f"engine option {name!r} is needed, as a text")
    for name, least in (
        ("granularity_ms", 1),
        ("kill_lag_ms", 0),
        ("silent_s", 1),
        ("log_bytes_max", 1),
        ("saved_bytes_max", 0),
    ):
        value = given.get(name, 1 if name in _DEFAULTS else None)
        if not isinstance(value, int) or value < least:
            raise ValueError(f"engine option {name!r} must be a whole number of at least {least}, not {value!r}")
    options = Options(**given)
    if not _WORD.fullmatch(options.centre) or not _WORD.fullmatch(options.name):
        raise ValueError(
            f"engine options 'centre' and 'name' must be plain words: {options.centre!r}, {options.name!r}"
        )
    return options
