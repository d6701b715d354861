"""One real Kubernetes on this machine: control plane, kubelet, containerd as plain processes in a folder of their own.

``make setup-kubernetes`` builds it. Pods have no network and one image, made here of busybox. Every port is a free one
on the loopback, and the end stops by process id what the beginning started.
By hand, for a look around: ``python -m tests.engines.kubernetes.cluster`` prints the kubeconfig and waits.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

IMAGE, PAUSE = "jiaozi.test/box:1", "jiaozi.test/pause:1"
CARD, CARDS, NODE = "jiaozi.test/910b", 4, "localhost"
_BUILT = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
_FOUND = ("etcd", "containerd", "ctr", "runc", "busybox")
_BOUND_S = 120.0
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_WORDS = (
    "sh",
    "sleep",
    "cat",
    "true",
    "ls",
    "head",
    "yes",
    "printf",
    "date",
    "env",
    "id",
    "dd",
    "setsid",
    "tail",
    "grep",
)


def home():
    """Where ``make setup-kubernetes`` puts what it builds."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "jiaozi" / "kubernetes" / "bin"


def missing():
    """Say why Kubernetes can't be tested here, or nothing."""
    absent = [name for name in _BUILT if not (home() / name).exists()] + [name for name in _FOUND if not _find(name)]
    if absent:
        return (
            f"no real Kubernetes here ({absent[0]} is missing): its engine is tested against recorded objects only; "
            "build one in about 8 minutes with: make setup-kubernetes"
        )
    return "" if os.geteuid() == 0 else "containers need root; run the tests with sudo"


def _find(name):
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin")


def until(condition, what, bound_s=_BOUND_S):
    """Wait for a condition, and give what it gave."""
    end = time.monotonic() + bound_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {bound_s} s: {what}"
        time.sleep(0.1)
    return found


def free_ports(count):
    """Give ports that are free now; they are held together, so that no two are the same."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _slim(entry):
    """Leave out of a Python what no session needs."""
    left = ("/test", "/__pycache__", "/idlelib", "/lib2to3", "/ensurepip", "/dist-packages", "/site-packages")
    return None if entry.name.endswith(left) else entry


class Cluster:
    """A control plane and one node."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="jzk8s-"))
        self.started = {}
        names = ("etcd", "peer", "api", "kcm", "sched", "kubelet", "health")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.kubeconfig = self.root / "kubeconfig"
        self._token = hashlib.sha256(os.urandom(32)).hexdigest()

    def up(self):
        try:
            self._keys()
            self._store()
            self._api()
            self._controllers()
            self._containers()
            self._node()
            self._cards()
        except BaseException:
            self.down()
            raise
        return self

    def down(self):
        with contextlib.suppress(Exception):
            self._end_pods()
        for process in reversed(list(self.started.values())):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(10)
        self._end_shims()
        for line in Path("/proc/self/mounts").read_text().splitlines():
            where = line.split()[1]
            if where.startswith(str(self.root)):
                subprocess.run(["umount", "-l", where], check=False, capture_output=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def ask(self, method, path, body=None, kind="application/json"):
        """Ask the API server as its administrator, beside the engine."""
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.ports['api']}{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": kind},
        )
        trust = ssl.create_default_context(cafile=self.root / "certs" / "apiserver.crt")
        return json.loads(urllib.request.urlopen(request, timeout=20, context=trust).read() or b"null")

    # ---- the parts, in the order in which they start

    def _start(self, name, *words):
        with (self.root / f"{name}.log").open("wb") as log:
            self.started[name] = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.root,
                start_new_session=True, env={"PATH": _PATH, "HOME": str(self.root)},
            )  # fmt: skip

    def _alive(self, name):
        if self.started[name].poll() is not None:
            lines = (self.root / f"{name}.log").read_text().splitlines()
            raise AssertionError(
                [line for line in lines if line.startswith(("F1", "F0", "panic", "fatal"))] or lines[-5:]
            )
        return True

    def _keys(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        text = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        (self.root / "sa.key").write_bytes(text)
        (self.root / "tokens.csv").write_text(
            f'{self._token},admin,1,"system:masters"\n{self._token[::-1]},stranger,2\n'
        )
        self.write_kubeconfig(self.kubeconfig, self._token)

    def write_kubeconfig(self, path, token, server=None):
        server = server or f"https://127.0.0.1:{self.ports['api']}"
        cluster = {"server": server, "certificate-authority": str(self.root / "certs" / "apiserver.crt")}
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1", "kind": "Config", "current-context": "x",
                    "clusters": [{"name": "c", "cluster": cluster}],
                    "users": [{"name": "a", "user": {"token": token}}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "a"}}],
                }
            )
        )  # fmt: skip
        path.chmod(0o600)
        return path

    def stranger(self, path):
        """A kubeconfig of somebody who may do nothing."""
        return self.write_kubeconfig(path, self._token[::-1])

    def _store(self):
        client, peer = (f"http://127.0.0.1:{self.ports[name]}" for name in ("etcd", "peer"))
        self._start(
            "etcd", _find("etcd"), "--data-dir", "etcd", "--listen-client-urls", client,
            "--advertise-client-urls", client, "--listen-peer-urls", peer, "--unsafe-no-fsync",
            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
        )  # fmt: skip

    def _api(self):
        self._start(
            "apiserver", home() / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.ports['etcd']}",
            f"--secure-port={self.ports['api']}", "--bind-address=127.0.0.1", "--insecure-port=0", "--cert-dir=certs",
            "--token-auth-file=tokens.csv", "--service-account-key-file=sa.key",
            "--service-account-signing-key-file=sa.key",
            "--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16", "--disable-admission-plugins=ServiceAccount",
            "--kubelet-preferred-address-types=Hostname", "--endpoint-reconciler-type=none",
        )  # fmt: skip
        until(self._ready, "the API server")

    def _ready(self):
        self._alive("apiserver")
        try:
            return bool(self.ask("GET", "/api/v1/namespaces/default"))
        except OSError:
            return False

    def _controllers(self):
        self._start(
            "kcm", home() / "kube-controller-manager", "--kubeconfig=kubeconfig", "--leader-elect=false", "--port=0",
            "--service-account-private-key-file=sa.key", f"--secure-port={self.ports['kcm']}", "--cert-dir=certs-kcm",
            "--bind-address=127.0.0.1", "--controllers=*,-nodeipam,-cloud-node-lifecycle,-route,-service",
        )  # fmt: skip
        self._start(
            "sched", home() / "kube-scheduler", "--kubeconfig=kubeconfig", "--leader-elect=false", "--port=0",
            f"--secure-port={self.ports['sched']}", "--bind-address=127.0.0.1", "--cert-dir=certs-sched",
        )  # fmt: skip

    def _containers(self):
        for name in ("cni", "cni-bin"):
            (self.root / name).mkdir()
        plugin = """#!/bin/sh
case "$CNI_COMMAND" in
VERSION) echo '{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}';;
ADD) echo '{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","sandbox":"'"$CNI_NETNS"'"}],\
"ips":[{"version":"4","interface":0,"address":"198.18.0.2/24"}]}';;
esac
"""  # a pod without a network, said in the network's words
        for name in ("loopback", "none"):
            (self.root / "cni-bin" / name).write_text(plugin)
            (self.root / "cni-bin" / name).chmod(0o755)
        (self.root / "cni" / "10.conflist").write_text(
            '{"cniVersion":"0.4.0","name":"none","plugins":[{"type":"none"}]}'
        )
        (self.root / "containerd.toml").write_text(f"""version = 2
root = "{self.root}/root"
state = "{self.root}/state"
[grpc]
  address = "{self.root}/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{self.root}/cni-bin"
    conf_dir = "{self.root}/cni"
""")
        self._start("containerd", _find("containerd"), "-c", "containerd.toml")
        self._images()

    def _ctr(self, *words):
        return subprocess.run(
            [_find("ctr"), "-a", str(self.root / "c.sock"), "-n", "k8s.io", *words],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def add_image(self, tag, programs, folders, accounts):
        """Bring in an image with programs of this machine, the libraries that they need, Python, and whole folders."""
        home = Path(sys.base_prefix) / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        python = str(Path(sys.base_prefix, "bin", home.name).resolve())
        paths = {python, *(str(Path(each).resolve()) for each in programs)}
        for each in [*paths, *(str(found) for folder in (home, *folders) for found in Path(folder).rglob("*.so"))]:
            told = subprocess.run(["ldd", each], capture_output=True, text=True, check=False).stdout
            paths |= {word for line in told.splitlines() for word in line.split() if word.startswith("/")}
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as layer:
            self._box(layer)
            within = tuple(f"{folder}/" for folder in (home, *folders))
            for each in sorted(each for each in {*paths, *programs} if not each.startswith(within)):
                layer.add(Path(each).resolve(), arcname=each[1:])
            layer.add(home, arcname=str(home)[1:], filter=_slim)
            for folder in folders:
                layer.add(folder, arcname=str(folder)[1:])
            entry = tarfile.TarInfo("usr/bin/python3")
            entry.type, entry.linkname = tarfile.SYMTYPE, python
            layer.addfile(entry)
            entry = tarfile.TarInfo("etc/passwd")
            entry.size = len(accounts)
            layer.addfile(entry, io.BytesIO(accounts))
        self._import({tag: ["/bin/sh"]}, made.getvalue())

    def _box(self, layer):
        for folder in ("bin", "tmp", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            layer.addfile(entry)
        layer.add(_find("busybox"), arcname="bin/busybox")
        for word in _WORDS:
            entry = tarfile.TarInfo(f"bin/{word}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            layer.addfile(entry)

    def _images(self):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as layer:
            self._box(layer)
        until(lambda: self._alive("containerd") and not self._ctr("version").returncode, "containerd")
        waits = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"]
        self._import({PAUSE: waits, IMAGE: ["/bin/sh"]}, made.getvalue())

    def _import(self, tags, content):
        layer_id = hashlib.sha256(content).hexdigest()
        listed = []
        with tarfile.open(self.root / "images.tar", "w") as images:

            def put(name, data):
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                images.addfile(entry, io.BytesIO(data))

            put(f"{layer_id}/layer.tar", content)
            for tag, command in tags.items():
                config = {
                    "architecture": "amd64", "os": "linux", "history": [{}],
                    "config": {"Cmd": command, "Env": ["PATH=/bin:/usr/bin:/usr/sbin"]},
                    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_id}"]},
                }  # fmt: skip
                data = json.dumps(config).encode()
                name = f"{hashlib.sha256(data).hexdigest()}.json"
                put(name, data)
                listed.append({"Config": name, "RepoTags": [tag], "Layers": [f"{layer_id}/layer.tar"]})
            put("manifest.json", json.dumps(listed).encode())
        done = self._ctr("images", "import", "--no-unpack", str(self.root / "images.tar"))
        assert not done.returncode, done.stderr

    def _node(self):
        (self.root / "kubelet.yaml").write_text(f"""apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: {self.ports["kubelet"]}
readOnlyPort: 0
healthzPort: 0
authentication: {{anonymous: {{enabled: true}}, webhook: {{enabled: false}}}}
authorization: {{mode: AlwaysAllow}}
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
resolvConf: ""
evictionHard: {{}}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
makeIPTablesUtilChains: false
nodeStatusUpdateFrequency: 2s
""")
        endpoint = f"unix://{self.root}/c.sock"
        self._start(
            "kubelet", home() / "kubelet", "--kubeconfig=kubeconfig", "--config=kubelet.yaml", "--register-node=true",
            "--container-runtime=remote", f"--container-runtime-endpoint={endpoint}", f"--hostname-override={NODE}",
            f"--image-service-endpoint={endpoint}", f"--root-dir={self.root}/kubelet",
            f"--cert-dir={self.root}/certs-kubelet", f"--volume-plugin-dir={self.root}/plugins",
            f"--seccomp-profile-root={self.root}/seccomp",
        )  # fmt: skip

    def _cards(self):
        """Make the node ready and advertise cards, as a centre without a device plugin does."""

        def node():
            self._alive("kubelet")
            try:
                return self.ask("GET", f"/api/v1/nodes/{NODE}")
            except urllib.error.HTTPError:
                return None

        def ready():
            found = node()
            return (
                found
                and not found["spec"].get("taints")
                and any(each["type"] == "Ready" and each["status"] == "True" for each in found["status"]["conditions"])
            )

        until(ready, "the node to be ready")
        patch = [{"op": "add", "path": f"/status/capacity/{CARD.replace('/', '~1')}", "value": str(CARDS)}]
        self.ask("PATCH", f"/api/v1/nodes/{NODE}/status", patch, "application/json-patch+json")
        until(lambda: (found := node()) and CARD in found["status"]["allocatable"], "the cards to be counted")

    # ---- the end

    def _end_pods(self):
        for pod in self.ask("GET", "/api/v1/pods")["items"]:
            where = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
            self.ask("PATCH", where, {"metadata": {"finalizers": []}}, "application/merge-patch+json")
            with contextlib.suppress(urllib.error.HTTPError):
                self.ask("DELETE", f"{where}?gracePeriodSeconds=0")

    def _end_shims(self):
        """End what containerd left: its shims carry our folder in their command lines; containers are below them."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if str(self.root).encode() in (entry / "cmdline").read_bytes():
                        pid = int(entry.name)
                        children = (entry / "task" / entry.name / "children").read_text().split()
                        for each in (*map(int, children), pid):
                            with contextlib.suppress(ProcessLookupError):
                                os.kill(each, signal.SIGKILL)


def main():
    cluster = Cluster().up()
    try:
        print(f"KUBECONFIG={cluster.kubeconfig}", flush=True)  # noqa: T201
        signal.pause()
    finally:
        cluster.down()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main()
