"""Where the engine is tested: as root with namespaces or by accounts alone, as an ordinary user, and as one bare."""

import base64
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from jiaozi.engines.process import connect as make_engine
from jiaozi.engines.process import turns
from jiaozi.engines.process.spool import Spool
from jiaozi.order.ports import JobSpec, JobState

HOUSE = Path(__file__).resolve().parents[2]
NOBODY = 65_534
BOUND_S = 30.0

# name → (needs root, runs as an ordinary user, isolation)
PLACES = {
    "root": (True, False, "required"),
    "accounts": (True, False, "account"),
    "user": (False, True, "required"),
    "bare": (False, True, "account"),
}


def wait_until(condition, what, bound_s=BOUND_S):
    """Wait for a condition, and give what it gave."""
    until = time.monotonic() + bound_s
    while not (found := condition()):
        assert time.monotonic() < until, f"not within {bound_s} s: {what}"
        time.sleep(0.01)
    return found


class Remote:
    """An engine in another process, that may be another user's."""

    def __init__(self, options, source, *, as_user):
        python = user_python() if as_user else sys.executable
        become = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if as_user else {}
        self.process = subprocess.Popen(
            [python, str(source / "driver.py"), str(source), _text(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "JIAOZI_TEST_SECRET": "never-to-be-read"},
            **become,
        )

    def __getattr__(self, name):
        return lambda *args: self._call(name, args)

    def _call(self, name, args):
        self.process.stdin.write(_text((name, args)) + "\n")
        self.process.stdin.flush()
        fine, answer = pickle.loads(base64.b64decode(self.process.stdout.readline()))
        assert fine, answer
        return answer

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.process.stdin.close()
        self.process.wait(BOUND_S)
        self.process.stdout.close()


def _text(value):
    return base64.b64encode(pickle.dumps(value)).decode()


def user_python():
    """Give a Python that an ordinary user may run, or None."""
    for path in (sys.executable, "/usr/bin/python3"):
        argv, become = [path, "-c", "import enum; enum.StrEnum"], {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        try:
            if (
                subprocess.run(argv, capture_output=True, cwd="/", check=False, timeout=BOUND_S, **become).returncode
                == 0
            ):
                return path
        except OSError:
            continue
    return None


class Place:
    """An engine in one of the places, and its spool in a folder that goes away with it."""

    def __init__(self, name, **options):
        needs_root, self.as_user, isolation = PLACES[name]
        self.name = name
        self.own_account = needs_root
        self.folder = Path(tempfile.mkdtemp(prefix="jiaozi-test-"))
        self.folder.chmod(0o711)
        self.spool = Spool(self.folder / "spool")
        self.options = {"enabled": True, "spool": str(self.spool.root), "isolation": isolation, "cores": 4, **options}
        self.remotes = []
        if self.as_user and os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            self.engine = self.remote()
        else:
            self.engine = make_engine(self.options)

    def remote(self, **options):
        """Start the engine in a process of its own."""
        source = self.folder / "source"
        if not source.exists():
            for room in ("kernel", "order", "engines"):
                shutil.copytree(HOUSE / "src/jiaozi" / room, source / "jiaozi" / room)
            shutil.copy(HOUSE / "src/jiaozi/__init__.py", source / "jiaozi")
            shutil.copy(HOUSE / "tests/engines/driver.py", source)
            subprocess.run(["chmod", "-R", "a+rX", str(source)], check=True)
        self.remotes.append(Remote({**self.options, **options}, source, as_user=self.as_user and os.geteuid() == 0))
        return self.remotes[-1]

    def submit(self, *command, **limits):
        """Submit a job and give its order."""
        order_id = uuid.uuid4()
        self.engine.submit(spec(order_id, *command, **limits))
        return order_id

    def status(self, order_id):
        return self.engine.status([order_id])[order_id]

    def until(self, order_id, state):
        return wait_until(lambda: (s := self.status(order_id)).state is state and s, f"{order_id} {state}")

    def run(self, *command, **limits):
        """Run a job to its end; give its status and its log."""
        order_id = self.submit(*command, **limits)
        status = self.until(order_id, JobState.ENDED)
        return status, self.engine.logs(order_id, 65_536).decode(errors="replace")

    def sh(self, script, **limits):
        return self.run("sh", "-c", script, **limits)

    def state(self, order_id):
        """Give what the supervisor wrote when it began."""
        from jiaozi.engines.process.spool import read_json

        return read_json(self.spool.job(str(order_id)) / "state.json")

    def records(self):
        """Give all usage records."""
        found, cursor, more = [], "", True
        while more:
            page = self.engine.usage(cursor)
            found += page.records
            cursor, more = page.cursor, page.more
        return found

    def close(self):
        """Cancel what still runs, wait for its end, and take the folder away."""
        make_sure = self.spool
        if make_sure.about.exists():
            for order in [*make_sure.claims(), *(order for _, order in make_sure.waiting())]:
                turns.withdraw(make_sure, order)
            wait_until(lambda: not (turns.settle(make_sure) or make_sure.claims()), "all jobs to end")
            for folder in make_sure.jobs.iterdir():
                wait_until(lambda folder=folder: not (folder / "home").exists(), "supervisors to clean up")
        for remote in self.remotes:
            if remote.process.poll() is None:
                remote.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def spec(order_id, *command, **limits):
    wanted = {"cores": 1, "memory_mib": 256, "time_limit_ms": 20_000, "resource_class": "cpu", **limits}
    return JobSpec(order_id=order_id, command=command, **wanted)


def running_with(word):
    """Give the ids of this machine's processes that carry a word in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if word.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def unique_seconds():
    """Give a long sleep whose argument nothing else on the machine carries."""
    return f"900.{uuid.uuid4().int % 10**15:015d}"
