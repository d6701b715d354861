"""Two real Slurm clusters on this machine, in a folder of their own: ``scc`` with cores, ``aic`` with cards as well.

Nothing of the machine's own services is used or changed: munge has its own key and socket, the accounting database its
own MariaDB, every port is a free one on the loopback, and the end stops by process id what the beginning started.
By hand, for a look around: ``python -m tests.engines.slurm.clusters`` prints the two configurations and waits.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from typer.testing import CliRunner

from jiaozi.cli.centre import app as centre

PROGRAMS = ("slurmctld", "slurmd", "slurmdbd", "slurmrestd", "sbatch", "sacctmgr", "munged", "mariadbd")
USER = "nobody"
"""The account whose jobs run; one that every machine has."""
FUNDED_USER, FUNDED_ACCOUNT = "daemon", "jiaozi"
"""The account that the gate of scc governs; the other one is any other customer of the centre."""

NAMES = ("scc", "aic")
KILL_WAIT_S = 2
_BOUND_S = 60.0
_PASSWORD = "accounting-of-a-test"


def missing():
    """Say why Slurm can't be tested here, or nothing."""
    absent = [program for program in PROGRAMS if _find(program) is None]
    if absent:
        return f"Slurm is not installed ({absent[0]} is missing); install it with: make setup-system"
    return "" if os.geteuid() == 0 else "Slurm's daemons change accounts and need root; run the tests with sudo"


def _find(program):
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def until(condition, what, bound_s=_BOUND_S):
    """Wait for a condition, and give what it gave."""
    end = time.monotonic() + bound_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {bound_s} s: {what}"
        time.sleep(0.05)
    return found


def free_ports(count):
    """Give ports that are free now; they are held together, so that no two are the same."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


class Clusters:
    """Both clusters, one accounting daemon, one REST daemon each."""

    def __init__(self, *, max_jobs=10_000):
        self.root = Path(tempfile.mkdtemp(prefix="jiaozi-slurm-"))
        self.root.chmod(0o755)
        self.max_jobs = max_jobs
        self.host = socket.gethostname().partition(".")[0]
        self.started = []
        self.ports = dict(
            zip(("db", "dbd", *[f"{n}-{p}" for n in NAMES for p in ("ctld", "d", "rest")]), free_ports(8), strict=True)
        )

    # ---- the parts, in the order in which they start

    def up(self):
        try:
            for name in ("run", "log", "etc", "jobs"):
                (self.root / name).mkdir()
            (self.root / "run").chmod(0o1777)
            (self.root / "jobs").chmod(0o1777)
            self._munge()
            self._database()
            self._accounting()
            for name in NAMES:
                self._cluster(name)
            for name in NAMES:
                self._await_nodes(name)
                self._rest(name)
        except BaseException:
            self.down()
            raise
        return self

    def down(self):
        for process in reversed(self.started):
            self.end(process)
        shutil.rmtree(self.root, ignore_errors=True)

    def end(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                # its session is its own: a supervisor and what it started end together
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)

    def conf(self, name):
        return self.root / "etc" / name / "slurm.conf"

    def socket_of(self, name):
        return self.root / "run" / f"rest-{name}.sock"

    def rest_of(self, name):
        return f"127.0.0.1:{self.ports[f'{name}-rest']}"

    def environ(self, name):
        return {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "SLURM_CONF": str(self.conf(name))}

    def run(self, name, *words, check=True, **more):
        """Run one of Slurm's programs as the administrator."""
        done = subprocess.run(
            words, env=self.environ(name), capture_output=True, text=True, timeout=60, check=False, **more
        )
        assert not check or done.returncode == 0, f"{words}: {done.stderr or done.stdout}"
        return done.stdout.strip()

    def token(self, name, seconds=3600):
        """Give a JWT of the job account."""
        line = self.run(name, "scontrol", "token", f"username={USER}", f"lifespan={seconds}")
        return line.partition("=")[2]

    def _start(self, name, *words, user=None, env=None):
        record = pwd.getpwnam(user) if user else None
        become = {"user": record.pw_uid, "group": record.pw_gid, "extra_groups": []} if record else {}
        log = self.root / "log" / f"{name}.out"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [_find(words[0]), *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=env or {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
                **become,
            )
        process.log = log
        self.started.append(process)
        return process

    def _munge(self):
        folder = self.root / "munge"
        folder.mkdir(mode=0o755)
        key = folder / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        record = pwd.getpwnam("munge")
        for path in (folder, key):
            os.chown(path, record.pw_uid, record.pw_gid)
        self._munge_socket = folder / "socket"
        words = [f"--{kind}-file={folder / kind}" for kind in ("key", "log", "pid", "seed")]
        self._start(
            "munged", "munged", "--foreground", "--force", f"--socket={self._munge_socket}", *words, user="munge"
        )
        until(self._munge_socket.exists, "munged to listen")

    def _database(self):
        folder, listen = self.root / "mysql", self.root / "run" / "mysql.sock"
        record = pwd.getpwnam("mysql")
        folder.mkdir(mode=0o700)
        os.chown(folder, record.pw_uid, record.pw_gid)
        words = [
            "mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={folder}",
            "--auth-root-authentication-method=socket", "--skip-test-db",
        ]  # fmt: skip
        subprocess.run(words, check=True, capture_output=True, timeout=120)
        self._start(
            "mariadb", "mariadbd", "--no-defaults", "--user=mysql", f"--datadir={folder}", f"--socket={listen}",
            f"--port={self.ports['db']}", "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=48M", "--innodb-lock-wait-timeout=900", "--innodb-flush-log-at-trx-commit=0",
        )  # fmt: skip
        client = ["mariadb", "--no-defaults", f"--socket={listen}", "-e"]
        until(lambda: not subprocess.run([*client, "SELECT 1"], capture_output=True, check=False).returncode, "MariaDB")
        grant = (
            f"CREATE DATABASE accounting; CREATE USER slurm@'127.0.0.1' IDENTIFIED BY '{_PASSWORD}';"
            "GRANT ALL ON accounting.* TO slurm@'127.0.0.1';"
        )
        subprocess.run([*client, grant], check=True, capture_output=True, timeout=30)

    def _accounting(self):
        etc, record = self.root / "etc", pwd.getpwnam("slurm")
        key = etc / "jwt.key"
        key.write_bytes(os.urandom(32))
        conf = etc / "slurmdbd.conf"
        conf.write_text(
            f"""AuthType=auth/munge
AuthInfo=socket={self._munge_socket}
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={key}
DbdHost=localhost
DbdPort={self.ports["dbd"]}
SlurmUser=slurm
PidFile={self.root}/run/slurmdbd.pid
LogFile={self.root}/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={self.ports["db"]}
StorageUser=slurm
StoragePass={_PASSWORD}
StorageLoc=accounting
"""
        )
        for path, mode in ((key, 0o600), (conf, 0o600), (self.root / "log", 0o755)):
            os.chown(path, record.pw_uid, record.pw_gid)
            path.chmod(mode)
        self.start_accounting()

    def start_accounting(self):
        conf = self.root / "etc" / "slurmdbd.conf"
        self.accounting = self._start(
            "slurmdbd", "slurmdbd", "-D", user="slurm", env={**os.environ, "SLURM_CONF": str(conf)}
        )

    def _cluster(self, name):
        etc, state = self.root / "etc" / name, self.root / "state" / name
        etc.mkdir()
        (state / "ctld").mkdir(parents=True)
        (state / "d").mkdir()
        record = pwd.getpwnam("slurm")
        os.chown(state / "ctld", record.pw_uid, record.pw_gid)
        cards = name == "aic"
        for number in range(8 if cards else 0):
            (state / f"card{number}").touch()
        gres = f"NodeName={self.host} Name=gpu Type=910b Count=8 File={state}/card[0-7]\n" if cards else ""
        (etc / "gres.conf").write_text(gres)
        (etc / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        gate = "AccountingStorageEnforce=associations,limits,qos\nAccountingStoreFlags=job_comment"
        if name == "scc":
            self._gate(name)
            gate = f"include {etc}/jiaozi_slurm.conf"
        self.conf(name).write_text(
            f"""ClusterName={name}
SlurmctldHost={self.host}(127.0.0.1)
SlurmctldPort={self.ports[f"{name}-ctld"]}
SlurmdPort={self.ports[f"{name}-d"]}
SlurmUser=slurm
AuthType=auth/munge
AuthInfo=socket={self._munge_socket}
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={self.root}/etc/jwt.key
CommunicationParameters=block_null_hash
StateSaveLocation={state}/ctld
SlurmdSpoolDir={state}/d
SlurmctldPidFile={self.root}/run/slurmctld-{name}.pid
SlurmdPidFile={self.root}/run/slurmd-{name}.pid
SlurmctldLogFile={self.root}/log/slurmctld-{name}.log
SlurmdLogFile={self.root}/log/slurmd-{name}.log
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
AccountingStoragePort={self.ports["dbd"]}
AccountingStoragePass={self._munge_socket}
AccountingStorageTRES=gres/gpu
JobCompType=jobcomp/none
{gate}
MaxJobCount={self.max_jobs}
MinJobAge=300
KillWait={KILL_WAIT_S}
OverTimeLimit=0
SlurmctldTimeout=30
SlurmdTimeout=60
InactiveLimit=0
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName={self.host} NodeAddr=127.0.0.1 CPUs=64 Sockets=1 CoresPerSocket=64 ThreadsPerCore=1 RealMemory=256000 \
{"Gres=gpu:910b:8" if cards else ""} State=UNKNOWN
PartitionName=work Nodes={self.host} Default=YES MaxTime=24:00:00 State=UP TRESBillingWeights="CPU=1000"
PartitionName=closed Nodes={self.host} AllowAccounts=nobody-has-this MaxTime=24:00:00 State=UP
"""
        )
        until(lambda: not self._refused("scc", "sacctmgr", "-n", "show", "cluster"), "slurmdbd to answer")
        self.run("scc", "sacctmgr", "-i", "add", "cluster", name)
        self.start_controller(name)
        self._start(f"slurmd-{name}", "slurmd", "-D", "-f", str(self.conf(name)), env=self.environ(name))

    def _gate(self, name):
        """Put the gate where an administrator would, with the command that an administrator would use."""
        done = CliRunner().invoke(
            centre,
            ["install", "slurm", "--into", str(self.conf(name).parent), "--cluster", name, "--user", FUNDED_USER,
             "--key", str(self.permit_key), "--account", FUNDED_ACCOUNT, "--state", str(self.root / "gate"),
             "--core-hours", "1000"],
        )  # fmt: skip
        assert done.exit_code == 0, done.output

    @property
    def permit_key(self):
        return self.root / "permit.key"

    def start_controller(self, name):
        controller = self._start(
            f"slurmctld-{name}", "slurmctld", "-D", "-f", str(self.conf(name)), env=self.environ(name)
        )
        setattr(self, f"controller_{name}", controller)
        until(lambda: not self._refused(name, "scontrol", "ping"), f"slurmctld of {name}")

    def _refused(self, name, *words):
        return subprocess.run(words, env=self.environ(name), capture_output=True, check=False, timeout=30).returncode

    def _await_nodes(self, name):
        self.run(
            name, "sacctmgr", "-i", "add", "account", "sme", f"cluster={name}", "description=sme", "organization=sme"
        )
        self.run(name, "sacctmgr", "-i", "add", "user", USER, "account=sme", f"cluster={name}")
        if name == "scc":
            self.run(name, "sh", str(self.conf(name).parent / "jiaozi_associations.sh"))
        until(lambda: "idle" in self.run(name, "sinfo", "-h", "-o", "%T", check=False), f"the node of {name}")

    def _rest(self, name):
        self._start(
            f"rest-{name}", "slurmrestd", "-a", "rest_auth/local", f"unix:{self.socket_of(name)}",
            user=USER, env=self.environ(name),
        )  # fmt: skip
        self._start(
            f"rest-tcp-{name}", "slurmrestd", "-a", "rest_auth/jwt", self.rest_of(name),
            user=USER, env={**self.environ(name), "SLURM_JWT": "daemon"},
        )  # fmt: skip
        until(self.socket_of(name).exists, f"slurmrestd of {name}")


def main():
    clusters = Clusters().up()
    try:
        for name in NAMES:
            print(f"SLURM_CONF={clusters.conf(name)}  rest: {clusters.socket_of(name)}", flush=True)  # noqa: T201
        signal.pause()
    finally:
        clusters.down()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main()
