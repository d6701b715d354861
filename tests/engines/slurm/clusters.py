"""The product's two real clusters, with what tests need besides: a gate on ``scc``, cards on ``aic``, REST daemons.

By hand, for a look around: ``python -m tests.engines.slurm.clusters`` prints the two configurations and waits.
"""

import signal
import sys

from typer.testing import CliRunner

from jiaozi.cli.centre import app as centre
from jiaozi.cli.demo import slurm
from jiaozi.cli.demo.slurm.clusters import USER
from jiaozi.cli.demo.slurm.conf import KILL_WAIT_S
from jiaozi.cli.demo.slurm.daemons import until

__all__ = ["FUNDED_ACCOUNT", "FUNDED_USER", "KILL_WAIT_S", "NAMES", "USER", "Clusters", "missing", "until"]
FUNDED_USER, FUNDED_ACCOUNT = "daemon", "jiaozi"
"""The account that the gate of scc governs; the other one is any other customer of the centre."""

NAMES = ("scc", "aic")


def missing():
    """Say why Slurm can't be tested here, or nothing."""
    return str(slurm.missing() or "")


class Clusters(slurm.Clusters):
    """Both clusters, one accounting daemon, two REST daemons each."""

    def __init__(self, *, max_jobs=10_000):
        super().__init__([slurm.Cluster("scc"), slurm.Cluster("aic", cards=True)], max_jobs=max_jobs)
        etc = self.root / "etc" / "scc"
        gate = f"include {etc}/jiaozi_slurm.conf"
        self.plan["scc"] = slurm.Cluster("scc", enforces=gate, scripts=(str(etc / "jiaozi_associations.sh"),))
        etc.mkdir(parents=True)
        try:
            self._gate(etc)
        except BaseException:
            self.down()
            raise

    def up(self):
        super().up()
        try:
            for name in NAMES:
                self._rest(name)
        except BaseException:
            self.down()
            raise
        return self

    def socket_of(self, name):
        return self.root / "run" / f"rest-{name}.sock"

    def rest_of(self, name):
        return f"127.0.0.1:{self.ports[f'{name}-rest']}"

    def token(self, name, seconds=3600):
        """Give a JWT of the job account."""
        line = self.run(name, "scontrol", "token", f"username={USER}", f"lifespan={seconds}")
        return line.partition("=")[2]

    @property
    def permit_key(self):
        return self.root / "permit.key"

    def _gate(self, etc):
        """Put the gate where an administrator would, with the command that an administrator would use."""
        done = CliRunner().invoke(
            centre,
            ["install", "slurm", "--into", str(etc), "--cluster", "scc", "--user", FUNDED_USER,
             "--key", str(self.permit_key), "--account", FUNDED_ACCOUNT, "--state", str(self.root / "gate"),
             "--core-hours", "1000"],
        )  # fmt: skip
        assert done.exit_code == 0, done.output

    def _rest(self, name):
        words = ("slurmrestd", "-a")
        listen, environ = f"unix:{self.socket_of(name)}", self.environ(name)
        self.daemons.start(f"rest-{name}", (*words, "rest_auth/local", listen), user=USER, environ=environ)
        self.daemons.start(
            f"rest-tcp-{name}",
            (*words, "rest_auth/jwt", self.rest_of(name)),
            user=USER,
            environ={**environ, "SLURM_JWT": "daemon"},
        )
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
