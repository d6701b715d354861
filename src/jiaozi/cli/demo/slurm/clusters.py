"""The clusters as a whole: brought up in about ten seconds, ended by process id, a controller's line cut and mended."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jiaozi.cli.demo.slurm import conf
from jiaozi.cli.demo.slurm.daemons import Daemons, UnableToStartSlurm, free_ports, path, until

USER = "nobody"
"""The account whose jobs run; one that every machine has."""
ACCOUNT = "sme"
_ASK_MAX_S = 60
_INSTALL_MAX_S = 120
_PUBLIC, _WRITABLE, _PRIVATE = 0o755, 0o1777, 0o600


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: its name, whether its node has cards, what it enforces, and sacctmgr scripts of its own."""

    name: str
    cards: bool = False
    enforces: str = conf.LIMITS
    scripts: tuple[str, ...] = ()


class Clusters:
    """Some clusters with one accounting daemon, in a folder of their own."""

    def __init__(self, plan: Sequence[Cluster], *, max_jobs: int = 10_000, note: Path | None = None) -> None:
        self.plan, self._max_jobs = {each.name: each for each in plan}, max_jobs
        self.root = Path(tempfile.mkdtemp(prefix="jiaozi-slurm-"))
        self.root.chmod(_PUBLIC)
        parts = ("db", "dbd", *(f"{name}-{part}" for name in self.plan for part in ("ctld", "d", "rest")))
        self.ports = dict(zip(parts, free_ports(len(parts)), strict=True))
        host = socket.gethostname().partition(".")[0]
        self._place = conf.Place(self.root, host, self.ports, secrets.token_hex(16))
        self.daemons = Daemons(self.root, note)
        self.controllers: dict[str, subprocess.Popen[bytes]] = {}

    def up(self) -> Clusters:
        """Start every part, in order, and wait until the nodes take work; nothing stays behind where one fails."""
        try:
            for name in ("run", "log", "etc", "jobs", "data/in", "data/out"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            for name in ("run", "jobs", "data/out"):
                (self.root / name).chmod(_WRITABLE)
            self._munge()
            self._database()
            self._accounting()
            for name in self.plan:
                self._cluster(name)
            for name in self.plan:
                self._await_node(name)
        except BaseException:
            self.down()
            raise
        return self

    def down(self) -> None:
        """End all of it and remove its folder."""
        self.daemons.end_all()
        shutil.rmtree(self.root, ignore_errors=True)

    def cut(self, name: str) -> None:
        """Let a cluster's controller hear nothing and say nothing, as behind a cut line; its jobs run on."""
        self.controllers[name].send_signal(signal.SIGSTOP)

    def mend(self, name: str) -> None:
        """Let it hear and speak again, and wait until it answers."""
        self.controllers[name].send_signal(signal.SIGCONT)
        until(lambda: self._answers(name, "scontrol", "ping"), f"slurmctld of {name} to answer again")

    @property
    def landing(self) -> Path:
        """Where data lands and results are left: ``in`` is the mover's, ``out`` the jobs' to write."""
        return self.root / "data"

    def conf(self, name: str) -> Path:
        """Give the path of a cluster's slurm.conf."""
        return self.root / "etc" / name / "slurm.conf"

    def environ(self, name: str) -> dict[str, str]:
        """Give what Slurm's programs need in order to speak with a cluster."""
        return {**os.environ, "PATH": path(), "SLURM_CONF": str(self.conf(name))}

    def run(self, name: str, *words: str, check: bool = True, cwd: str | None = None) -> str:
        """Run one of Slurm's programs as the administrator, and give what it printed.

        Raises
        ------
        UnableToStartSlurm
            With its own words, unless ``check`` is off.
        """
        done = subprocess.run(
            words, env=self.environ(name), cwd=cwd, capture_output=True, text=True, timeout=_ASK_MAX_S, check=False
        )
        if check and done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise UnableToStartSlurm("SLURM_FAILED", f"{words[0]}失败：{said}", f"{words[0]} failed: {said}")
        return done.stdout.strip()

    def start_controller(self, name: str) -> None:
        """Start a cluster's controller and wait until it answers."""
        words = ("slurmctld", "-D", "-f", str(self.conf(name)))
        self.controllers[name] = self.daemons.start(f"slurmctld-{name}", words, environ=self.environ(name))
        until(lambda: self._answers(name, "scontrol", "ping"), f"slurmctld of {name}")

    def _munge(self) -> None:
        folder = self.root / "munge"
        folder.mkdir(mode=_PUBLIC)
        key = folder / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        for each in (folder, key):
            _give(each, "munge")
        files = [f"--{kind}-file={folder / kind}" for kind in ("key", "log", "pid", "seed")]
        words = ("munged", "--foreground", "--force", f"--socket={self._place.munge}", *files)
        self.daemons.start("munged", words, user="munge")
        until(self._place.munge.exists, "munged to listen")

    def _database(self) -> None:
        folder, listen = self.root / "mysql", self.root / "run" / "mysql.sock"
        folder.mkdir(mode=0o700)
        _give(folder, "mysql")
        common = ("--no-defaults", "--user=mysql", f"--datadir={folder}")
        install = ("mariadb-install-db", *common, "--auth-root-authentication-method=socket", "--skip-test-db")
        subprocess.run(install, check=True, capture_output=True, timeout=_INSTALL_MAX_S)
        words = (
            "mariadbd",
            *common,
            f"--socket={listen}",
            f"--port={self.ports['db']}",
            "--bind-address=127.0.0.1",
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=48M",
            "--innodb-lock-wait-timeout=900",
            "--innodb-flush-log-at-trx-commit=0",
        )
        self.daemons.start("mariadb", words)
        client = ("mariadb", "--no-defaults", f"--socket={listen}", "-e")
        until(lambda: not subprocess.run([*client, "SELECT 1"], capture_output=True, check=False).returncode, "MariaDB")
        grant = (
            f"CREATE DATABASE accounting; CREATE USER slurm@'127.0.0.1' IDENTIFIED BY '{self._place.password}';"
            "GRANT ALL ON accounting.* TO slurm@'127.0.0.1';"
        )
        subprocess.run([*client, grant], check=True, capture_output=True, timeout=_ASK_MAX_S)

    def _accounting(self) -> None:
        etc = self.root / "etc"
        key, file = etc / "jwt.key", etc / "slurmdbd.conf"
        key.write_bytes(os.urandom(32))
        file.write_text(conf.accounting(self._place), encoding="utf-8")
        for each, mode in ((key, _PRIVATE), (file, _PRIVATE), (self.root / "log", _PUBLIC)):
            _give(each, "slurm")
            each.chmod(mode)
        self.daemons.start("slurmdbd", ("slurmdbd", "-D"), user="slurm", environ={"SLURM_CONF": str(file)})

    def _cluster(self, name: str) -> None:
        wanted, etc, state = self.plan[name], self.root / "etc" / name, self.root / "state" / name
        etc.mkdir(exist_ok=True)
        (state / "ctld").mkdir(parents=True)
        (state / "d").mkdir()
        _give(state / "ctld", "slurm")
        for number in range(conf.CARDS if wanted.cards else 0):
            (state / f"card{number}").touch()
        texts = {
            "gres.conf": conf.cards(self._place, name) if wanted.cards else "",
            "cgroup.conf": conf.CGROUP,
            "slurm.conf": conf.controller(
                self._place, name, with_cards=wanted.cards, more=wanted.enforces, max_jobs=self._max_jobs
            ),
        }
        for file, text in texts.items():
            (etc / file).write_text(text, encoding="utf-8")
        until(lambda: self._answers(name, "sacctmgr", "-n", "show", "cluster"), "slurmdbd to answer")
        self.run(name, "sacctmgr", "-i", "add", "cluster", name)
        self.start_controller(name)
        words = ("slurmd", "-D", "-f", str(self.conf(name)))
        self.daemons.start(f"slurmd-{name}", words, environ=self.environ(name))

    def _await_node(self, name: str) -> None:
        add = ("sacctmgr", "-i", "add")
        self.run(name, *add, "account", ACCOUNT, f"cluster={name}", "description=sme", "organization=sme")
        self.run(name, *add, "user", USER, f"account={ACCOUNT}", f"cluster={name}")
        for script in self.plan[name].scripts:
            self.run(name, "sh", script)
        until(lambda: "idle" in self.run(name, "sinfo", "-h", "-o", "%T", check=False), f"the node of {name}")

    def _answers(self, name: str, *words: str) -> bool:
        done = subprocess.run(words, env=self.environ(name), capture_output=True, check=False, timeout=_ASK_MAX_S)
        return done.returncode == 0


def _give(path: Path, account: str) -> None:
    record = pwd.getpwnam(account)
    os.chown(path, record.pw_uid, record.pw_gid)
