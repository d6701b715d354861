"""Usage and samples as they are handed in over the web: bounded, read as a file is, at nobody's choice of who pays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from jiaozi.metering.rules.admitting import UnableToImport
from jiaozi.metering.rules.entry import Form
from jiaozi.metering.services.files import Reading
from jiaozi.metering.services.importing import import_file
from jiaozi.metering.services.posting import Imported
from jiaozi.metering.services.sampling import SamplesTaken, import_samples
from jiaozi.party.rules import Actor

UPLOAD_BYTES_MAX = 8 * 1024 * 1024


def import_upload(
    *, content: bytes, form: Form, reading: Reading, centre: str, by: Actor, now: datetime, skip_bad: bool = False
) -> Imported:  # fmt: skip
    """Import a file that was handed in: what names an order is that order's, all else is held back until it is named.

    Raises
    ------
    UnableToImport
        As ``import_file`` does; also for a file that is empty or larger than ``UPLOAD_BYTES_MAX``.
    """
    with _kept(content) as path:
        return import_file(
            path=path,
            form=form,
            reading=reading,
            centre=centre,
            programme="",
            accounts={},
            skip_bad=skip_bad,
            by=by,
            now=now,
        )


def samples_upload(
    *, content: bytes, centre: str, by: Actor, now: datetime, encoding: str = "utf-8", skip_bad: bool = False
) -> SamplesTaken:  # fmt: skip
    """Keep the samples of a file that was handed in.

    Raises
    ------
    UnableToImport
        As ``import_samples`` does; also for a file that is empty or larger than ``UPLOAD_BYTES_MAX``.
    """
    with _kept(content) as path:
        return import_samples(path=path, centre=centre, by=by, now=now, encoding=encoding, skip_bad=skip_bad)


@contextmanager
def _kept(content: bytes) -> Iterator[Path]:
    most = UPLOAD_BYTES_MAX // 2**20
    if not 0 < len(content) <= UPLOAD_BYTES_MAX:
        raise UnableToImport(
            "UPLOAD_SIZE",
            f"请选择一个不为空、不超过{most} MiB的文件；更大的请压缩（gzip）或分批",
            f"choose a file that is not empty and at most {most} MiB; pack (gzip) or split a larger one",
            field="file",
        )
    with TemporaryDirectory(prefix="jiaozi-usage-") as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        try:
            yield path
        except UnableToImport as refused:
            if refused.reason.code != "FILE_UNREADABLE":
                raise
            raise UnableToImport(
                "FILE_UNREADABLE", "文件损坏，无法解压", "the file is damaged: it can't be unpacked", field="file"
            ) from refused
