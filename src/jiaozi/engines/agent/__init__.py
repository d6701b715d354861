"""The ``agent`` engine: a centre behind a firewall, whose own agent asks the platform over HTTPS what is wanted.

``connect`` is what the settings find, ``desk`` is what a face hands the agent's letters to, ``runner`` is what
``jiaozi agent`` runs at the centre. Letters are signed and numbered; each side keeps what it has to say until the other
has confirmed it, so that hours without a line lose nothing and double nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jiaozi.engines.agent import envelope
from jiaozi.engines.agent.desk import Desk
from jiaozi.engines.agent.engine import AgentEngine
from jiaozi.engines.agent.envelope import UnableToRead
from jiaozi.engines.agent.link import Line
from jiaozi.engines.agent.options import Options, read_options
from jiaozi.engines.agent.spool import Spool
from jiaozi.order.ports import UnableToReachEngine


def connect(options: Mapping[str, Any]) -> AgentEngine:
    """Make the platform's engine from its options; ``docs/operating/agent.md`` lists them.

    Raises
    ------
    UnableToReachEngine
        When a key can't be read: nothing can be asked of that centre until it can.
    """
    checked = read_options(options)
    try:
        return AgentEngine(checked, desk(checked))
    except UnableToRead as refused:
        reason = refused.reason
        raise UnableToReachEngine(reason.code, reason.label.zh, reason.label.en) from None


def desk(options: Options) -> Desk:
    """Make the platform's end of a centre's line."""
    line = Line(
        me="platform",
        other=f"agent:{options.centre}",
        centre=options.centre,
        key=envelope.private_key(options.key_file),
        other_key=envelope.public_key(options.agent_key_file),
    )
    return Desk(line, Spool(Path(options.spool)))
