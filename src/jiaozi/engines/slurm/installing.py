"""What a centre puts beside its slurm.conf: the gate, its hooks, its key, the associations and the settings they need.

Nothing here runs at the centre by itself: files are written, and the administrator applies them.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

_MIN_PER_HOUR = 60
_SPARE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What the gate is to know.

    Attributes
    ----------
    folder
        Where the gate keeps spent permits; the Slurm user writes there.
    uids, accounts
        Whose jobs need a permit: those of these users, and those charged to these accounts.
    weights
        Billing weight of each resource. The smallest job's must be at least 1: Slurm counts whole numbers, and what
        rounds to 0 is free.
    core_hours
        The centre's own bound on the account, in hours of one core; 0 sets none.
    """

    cluster: str
    folder: str
    uids: Sequence[int]
    accounts: Sequence[str]
    user: str
    public_key: bytes
    weights: Mapping[str, int]
    core_hours: int = 0
    valid_days: int = 7


def write(gate: Gate, into: Path) -> list[Path]:
    """Write everything into a folder; a ``job_submit.lua`` of the centre's own is left alone."""
    into.mkdir(parents=True, exist_ok=True)
    state = Path(gate.folder)
    for inner in ("used", "tmp"):
        (state / inner).mkdir(parents=True, exist_ok=True)
    written = {
        "jiaozi_permit.pub": gate.public_key,
        "jiaozi_prolog.sh": _filled("prolog.sh", gate),
        "jiaozi_epilog.sh": _filled("epilog.sh", gate),
        "jiaozi_associations.sh": associations(gate).encode(),
        "jiaozi_slurm.conf": settings(gate, into).encode(),
        "jiaozi_gate.lua": _config(gate, into).encode() + _filled("jiaozi_gate.lua", gate),
    }
    own = into / "job_submit.lua"
    if not own.exists() or b"jiaozi_submit(job, uid)" in own.read_bytes():
        load = f'dofile("{into}/jiaozi_gate.lua")\n'
        written["job_submit.lua"] = load.encode() + _filled("job_submit.lua", gate)
    for name, content in written.items():
        (into / name).write_bytes(content)
        if name.endswith(".sh"):
            (into / name).chmod(0o755)
    return [into / name for name in written]


def _config(gate: Gate, into: Path) -> str:
    uids = " ".join(f"[{uid}] = true," for uid in gate.uids)
    accounts = " ".join(f'["{account}"] = true,' for account in gate.accounts)
    return (
        f'local CONFIG = {{ cluster = "{gate.cluster}", folder = "{gate.folder}", '
        f'key = "{into}/jiaozi_permit.pub", uids = {{ {uids} }}, accounts = {{ {accounts} }} }}\n'
    )


def associations(gate: Gate) -> str:
    """Write the commands that make the account and bound it."""
    account = shlex.quote(gate.accounts[0])
    lines = [
        "#!/bin/sh",
        "# Makes the platform's account and bounds it; safe to run again.",
        f"sacctmgr -i add account {account} cluster={gate.cluster} description=jiaozi organization=jiaozi || :",
        f"sacctmgr -i add user {shlex.quote(gate.user)} account={account} cluster={gate.cluster} || :",
    ]
    if gate.core_hours:
        minutes = gate.core_hours * _MIN_PER_HOUR * gate.weights["CPU"]
        lines.append(
            f"sacctmgr -i modify account {account} where cluster={gate.cluster} set GrpTRESMins=billing={minutes}"
        )
    return "\n".join([*lines, ""])


def settings(gate: Gate, into: Path) -> str:
    """Write the lines that slurm.conf needs."""
    weights = ",".join(f"{name}={weight}" for name, weight in gate.weights.items())
    return f"""# For slurm.conf, by: include {into}/jiaozi_slurm.conf
JobSubmitPlugins=lua
PrologSlurmctld={into}/jiaozi_prolog.sh
EpilogSlurmctld={into}/jiaozi_epilog.sh
AccountingStorageEnforce=associations,limits,qos,safe
AccountingStoreFlags=job_comment
# Use must not fade away, or a bound heals by itself.
PriorityDecayHalfLife=0
PriorityUsageResetPeriod=NONE
# Every partition of the platform's also needs, on its own line: TRESBillingWeights="{weights}"
"""


def _filled(name: str, gate: Gate) -> bytes:
    text = (files("jiaozi.engines.slurm") / "gate" / name).read_text(encoding="utf-8")
    return text.replace("@FOLDER@", gate.folder).replace("@DAYS@", str(gate.valid_days + _SPARE_DAYS)).encode()
