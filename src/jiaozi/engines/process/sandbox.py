"""What a job can see: the machine's programs, read-only, and its own folder. Nothing else exists in its world.

New namespaces give it its own process table, network (with nothing in it), shared memory and file tree. The tree is
built on an empty file system, so that what is not named here is not hidden but absent: no home folders, no ``/var``, no
sockets, no other job, no ``/proc`` of the machine.
"""

from __future__ import annotations

import os
from pathlib import Path

from jiaozi.engines.process import syscalls as sys_

HOME = "/job"
TMP = "tmp"
PATH = "/usr/local/bin:/usr/bin:/bin"
_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "ssl",
    "ca-certificates",
    "mime.types",
)
_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
_READ_ONLY = sys_.MOUNT_ATTR_RDONLY | sys_.MOUNT_ATTR_NOSUID | sys_.MOUNT_ATTR_NODEV
_OWN = sys_.MOUNT_ATTR_NOSUID | sys_.MOUNT_ATTR_NODEV
_NAMESPACES = (
    sys_.CLONE_NEWNS | sys_.CLONE_NEWPID | sys_.CLONE_NEWNET | sys_.CLONE_NEWIPC | sys_.CLONE_NEWUTS
)  # fmt: skip


def search_path(software: list[str] | tuple[str, ...]) -> str:
    """Give a job's PATH: further software first."""
    return ":".join([*(f"{folder}/bin" for folder in software), PATH])


def leave_machine() -> None:
    """Step into new namespaces; the process table's begins with the next fork. An ordinary user takes a user's too."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        sys_.unshare(_NAMESPACES)
    else:
        sys_.unshare(_NAMESPACES | sys_.CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    sys_.mount("none", "/", None, sys_.MS_REC | sys_.MS_PRIVATE)


def build(root: str, home: str, *, uid: int, software: tuple[str, ...], session: bool = False) -> None:
    """Build the tree on an empty folder and move into it; called by the first process of the new process table.

    ``software`` are further folders of programs that jobs may read. A ``session`` has terminals, and its own loopback.
    """
    os.umask(0o022)  # what is built is for the job's account to walk through; the command gets its own
    sys_.mount("jiaozi", root, "tmpfs", sys_.MS_NOSUID | sys_.MS_NODEV, "size=1m,mode=755")
    for path in (*_PROGRAMS, *software):
        _show_programs(root, path)
    _make_etc(root, uid)
    _show(home, root + HOME, _OWN)
    for inside, place in (("tmp", "/tmp"), (".shm", "/dev/shm")):  # noqa: S108 - the job's own, not the machine's
        _show(f"{home}/{inside}", root + place, _OWN)
    for name in _DEVICES:
        _bind(f"/dev/{name}", f"{root}/dev/{name}")
    for name, target in _LINKS.items():
        Path(f"{root}/dev/{name}").symlink_to(target)
    if session:
        _make_terminals(f"{root}/dev")
        sys_.raise_loopback()
    Path(root, "proc").mkdir()
    sys_.mount("proc", f"{root}/proc", "proc", sys_.MS_NOSUID | sys_.MS_NODEV | sys_.MS_NOEXEC)
    sys_.pivot_into(root)
    sys_.restrict_mount("/", sys_.MOUNT_ATTR_RDONLY, recursive=False)


def _make_terminals(dev: str) -> None:
    """Give it terminals of its own: none of the machine's is among them."""
    Path(dev, "pts").mkdir()
    sys_.mount("devpts", f"{dev}/pts", "devpts", sys_.MS_NOSUID | sys_.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
    Path(dev, "ptmx").symlink_to("pts/ptmx")


def _show_programs(root: str, path: str) -> None:
    place = Path(path)
    if place.is_symlink():
        Path(root + path).symlink_to(place.readlink())
    elif place.is_dir():
        _show(path, root + path, _READ_ONLY)


def _make_etc(root: str, uid: int) -> None:
    """Give it the names that programs look up, of this job alone, and what the loader and compilers need."""
    etc = Path(root, "etc")
    etc.mkdir()
    etc.joinpath("passwd").write_text(f"job:x:{uid}:{uid}:job:{HOME}:/bin/sh\n")
    etc.joinpath("group").write_text(f"job:x:{uid}:\n")
    etc.joinpath("nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    etc.joinpath("hosts").write_text("127.0.0.1 localhost\n")
    for name in _ETC:
        if Path("/etc", name).exists():
            _show(f"/etc/{name}", f"{root}/etc/{name}", _READ_ONLY)


def _show(source: str, target: str, attributes: int) -> None:
    _bind(source, target)
    sys_.restrict_mount(target, attributes, recursive=True)


def _bind(source: str, target: str) -> None:
    if Path(source).is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    sys_.mount(os.path.realpath(source), target, None, sys_.MS_BIND | sys_.MS_REC)
