"""The files that Slurm reads, as text: one accounting daemon for all clusters, one controller and one node for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CORES, CARDS, MEMORY_MIB = 64, 8, 256_000
KILL_WAIT_S = 2
LIMITS = "AccountingStorageEnforce=associations,limits,qos\nAccountingStoreFlags=job_comment"
"""What a cluster enforces that has no gate."""
CGROUP = "CgroupPlugin=cgroup/v1\n"
"""22.05 reads cgroup.conf even where nothing uses cgroups, and knows no word for none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the clusters live: their folder, the machine's name, ports by part, the database's password."""

    root: Path
    host: str
    ports: dict[str, int]
    password: str

    @property
    def munge(self) -> Path:
        """The socket of munge."""
        return self.root / "munge" / "socket"


def accounting(place: Place) -> str:
    """Give slurmdbd.conf."""
    return f"""AuthType=auth/munge
AuthInfo=socket={place.munge}
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={place.root}/etc/jwt.key
DbdHost=localhost
DbdPort={place.ports["dbd"]}
SlurmUser=slurm
PidFile={place.root}/run/slurmdbd.pid
LogFile={place.root}/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={place.ports["db"]}
StorageUser=slurm
StoragePass={place.password}
StorageLoc=accounting
"""


def cards(place: Place, name: str) -> str:
    """Give gres.conf: cards that are plain files."""
    return (
        f"NodeName={place.host} Name=gpu Type=910b Count={CARDS} File={place.root}/state/{name}/card[0-{CARDS - 1}]\n"
    )


def controller(place: Place, name: str, *, with_cards: bool, more: str, max_jobs: int) -> str:
    """Give slurm.conf; ``more`` is what this cluster enforces, or includes."""
    root, ports = place.root, place.ports
    return f"""ClusterName={name}
SlurmctldHost={place.host}(127.0.0.1)
SlurmctldPort={ports[f"{name}-ctld"]}
SlurmdPort={ports[f"{name}-d"]}
SlurmUser=slurm
AuthType=auth/munge
AuthInfo=socket={place.munge}
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={root}/etc/jwt.key
CommunicationParameters=block_null_hash
StateSaveLocation={root}/state/{name}/ctld
SlurmdSpoolDir={root}/state/{name}/d
SlurmctldPidFile={root}/run/slurmctld-{name}.pid
SlurmdPidFile={root}/run/slurmd-{name}.pid
SlurmctldLogFile={root}/log/slurmctld-{name}.log
SlurmdLogFile={root}/log/slurmd-{name}.log
ReturnToService=2
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=5,sched_interval=5,batch_sched_delay=0
PriorityType=priority/multifactor
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={ports["dbd"]}
AccountingStoragePass={place.munge}
AccountingStorageTRES=gres/gpu
JobCompType=jobcomp/none
{more}
MaxJobCount={max_jobs}
MinJobAge=300
KillWait={KILL_WAIT_S}
OverTimeLimit=0
SlurmctldTimeout=30
SlurmdTimeout=60
InactiveLimit=0
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName={place.host} NodeAddr=127.0.0.1 CPUs={CORES} Sockets=1 CoresPerSocket={CORES} ThreadsPerCore=1 \
RealMemory={MEMORY_MIB} {f"Gres=gpu:910b:{CARDS}" if with_cards else ""} State=UNKNOWN
PartitionName=work Nodes={place.host} Default=YES MaxTime=24:00:00 State=UP TRESBillingWeights="CPU=1000"
PartitionName=closed Nodes={place.host} AllowAccounts=nobody-has-this MaxTime=24:00:00 State=UP
"""
