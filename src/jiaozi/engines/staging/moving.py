"""Moving one file: piece by piece beside the target, hashed, gone on with after a break, named only when whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO

from jiaozi.engines.staging.handing import hand_out
from jiaozi.engines.staging.places import Options, Place, check_links, innermost, place
from jiaozi.engines.staging.records import Records
from jiaozi.kernel import clock
from jiaozi.kernel.refusal import Refused
from jiaozi.order.ports import (
    Content,
    Movement,
    MovementPage,
    MovementRecord,
    Progress,
    UnableToMove,
    UnableToReachPlace,
)

_SHA256 = re.compile(r"[0-9a-f]{64}|")


class Mover:
    """Moves files by one operator's options; safe to call again with the same movement, from any process."""

    def __init__(self, options: Options, now: Callable[[], datetime] = clock.now) -> None:
        self.options, self.now = options, now
        self.records = Records(options.spool)

    def size(self, url: str) -> int | None:
        """Say how large a file is."""
        at = place(url, self.options)
        with _told(url):
            size = at.system.info(at.path).get("size")
        return None if size is None else int(size)

    def movements(self, cursor: str) -> MovementPage:
        """Give records since a cursor."""
        return self.records.page(cursor)

    def content(self, url: str, until: datetime) -> Content:
        """Give what a file on this machine holds."""
        at = place(url, self.options)
        if at.scheme != "file":
            raise UnableToMove("NOT_KEPT_HERE", "不在本平台", "does not lie on this platform", field=url)
        root, piece_bytes = innermost(url, self.options), self.options.piece_bytes
        return hand_out(at.path, root, url, piece_bytes=piece_bytes, until=until, now=self.now)

    def move(self, movement: Movement, progress: Progress | None = None) -> MovementRecord:
        """Move a file and check it."""
        _check(movement)
        source, target = place(movement.source, self.options), place(movement.target, self.options)
        with self.records.alone(movement.id):
            done = self.records.done(movement.id)
            if done is not None:
                return _same(movement, done)
            if target.appends:  # the half that is written on lies beside the target, where a link could be laid
                beside = f".{movement.id}.part"
                check_links(target._replace(url=target.url + beside, path=target.path + beside), self.options)
            return _Run(self, movement, source, target, progress or _silent).move()


class _Run:
    """One attempt at a movement."""

    def __init__(self, mover: Mover, movement: Movement, source: Place, target: Place, progress: Progress) -> None:
        self.mover, self.movement, self.source, self.target = mover, movement, source, target
        self.progress = progress
        self.part = f"{target.path}.{movement.id}.part" if target.appends else target.path
        self.total = hashlib.sha256()
        self.there = 0

    def move(self) -> MovementRecord:
        mark, size = self._look()
        _check_size(self.movement, size)
        state = self._begin(mark)
        self._read_back(size)
        sent_before, resumed = int(state["sent"]), self.there
        try:
            self._carry(size)
        finally:
            state["sent"] = sent_before + self.there - resumed
            self.mover.records.keep(self.movement.id, state)
        if self._look() != (mark, self.there):
            self._drop()
            raise UnableToReachPlace(
                "SOURCE_CHANGED",
                "传输期间源文件有变，请重试",
                "changed while it was read; ask again",
                field=self.source.url,
            )
        self._check_whole()
        return self._end(state)

    def _look(self) -> tuple[str, int | None]:
        """Give what tells one content of the source from another, and its size."""
        with _told(self.source.url):
            info: dict[str, Any] = self.source.system.info(self.source.path)
        if info.get("type") != "file":
            raise UnableToMove("NO_FILE", "不是文件", "is no file", field=self.source.url)
        marks = [str(info.get(key, "")) for key in ("size", "ETag", "mtime", "ino", "LastModified")]
        return "|".join(marks), info.get("size")

    def _begin(self, mark: str) -> dict[str, Any]:
        """Take up the state of an earlier attempt, or begin anew when the source is another by now."""
        ends = [self.source.url, self.target.url]
        state = self.mover.records.kept(self.movement.id)
        if (state.get("mark"), state.get("ends")) != (mark, ends):
            self._drop()
            started_at = state.get("started_at") or self.mover.now().isoformat()
            state = {"mark": mark, "ends": ends, "started_at": started_at, "sent": state.get("sent", 0)}
            self.mover.records.keep(self.movement.id, state)
        return state

    def _read_back(self, size: int | None) -> None:
        """Hash what an earlier attempt left; what is there is verified, not trusted."""
        if not self.target.appends:
            return
        with _told(self.target.url), suppress(FileNotFoundError), self.target.system.open(self.part, "rb") as left:
            for piece in self._pieces(left):
                self.total.update(piece)
                self.there += len(piece)
        if size is not None and self.there > size:
            self._drop()

    def _carry(self, size: int | None) -> None:
        if size is not None and self.there == size and self.there:
            return
        with _told(self.source.url), self.source.system.open(self.source.path, "rb") as source:
            if self.there:
                source.seek(self.there)
            with self._writing() as target:
                for piece in self._pieces(source):
                    if self.there + len(piece) > self.movement.bytes_max:
                        raise _too_large(self.movement, self.there + len(piece))
                    target.write(piece)
                    self.total.update(piece)
                    self.there += len(piece)
                    self.progress(self.there, size)

    @contextmanager
    def _writing(self) -> Iterator[BinaryIO]:
        """Write on where it stopped; an object is only there once it is whole, and not at all after an error."""
        with _told(self.target.url):
            if self.target.appends:
                self.target.system.makedirs(self.part.rpartition("/")[0], exist_ok=True)
                with self.target.system.open(self.part, "ab") as file:
                    yield file
                return
            file = self.target.system.open(self.part, "wb")
            try:
                yield file
            except BaseException:
                file.closed = True  # never closed, the upload is never completed, and there is no object
                raise
            file.close()

    def _pieces(self, file: BinaryIO) -> Iterator[bytes]:
        while piece := file.read(self.mover.options.piece_bytes):
            yield piece

    def _check_whole(self) -> None:
        """Check the content: what was asked for is what was read, and, where the operator wants it, what lies there."""
        found = self.total.hexdigest()
        wanted = self.movement.sha256 or found
        if found == wanted and self.mover.options.read_back:
            again = hashlib.sha256()
            with _told(self.target.url), self.target.system.open(self.part, "rb") as written:
                for piece in self._pieces(written):
                    again.update(piece)
            found = again.hexdigest()
        if found != wanted:
            self._drop()
            raise UnableToMove(
                "CHECKSUM_WRONG",
                f"校验和不符：应为{wanted}，实为{found}",
                f"the content's SHA-256 is {found}, not {wanted}",
                field=self.source.url,
            )

    def _end(self, state: dict[str, Any]) -> MovementRecord:
        if self.target.appends:
            with _told(self.target.url):
                if self.target.scheme != "file" and self.target.system.exists(self.target.path):
                    self.target.system.rm_file(self.target.path)  # SFTP renames onto no file
                self.target.system.mv(self.part, self.target.path)
        record = MovementRecord(
            record_id=f"staging-{self.movement.id}",
            order_id=self.movement.order_id,
            direction=self.movement.direction,
            source=self.source.url,
            target=self.target.url,
            size=self.there,
            sent=int(state["sent"]),
            sha256=self.total.hexdigest(),
            started_at=datetime.fromisoformat(state["started_at"]),
            ended_at=self.mover.now(),
        )
        self.mover.records.add(self.movement.id, record)
        return record

    def _drop(self) -> None:
        """Take away what an attempt left."""
        self.total, self.there = hashlib.sha256(), 0
        with suppress(FileNotFoundError), _told(self.target.url):
            if self.target.system.exists(self.part):
                self.target.system.rm_file(self.part)


def _silent(there: int, size: int | None) -> None:
    """Tell nobody."""


def _check(movement: Movement) -> None:
    if movement.source == movement.target:
        raise UnableToMove("SAME_PLACE", "源与目标相同", "goes to another place than its source", field="target")
    if movement.bytes_max < 0:
        raise UnableToMove("FIGURE_WRONG", "不能为负", "must not be negative", field="bytes_max")
    if not _SHA256.fullmatch(movement.sha256):
        told = "须为64位小写十六进制", "must be 64 lower-case hexadecimal digits"
        raise UnableToMove("CHECKSUM_UNREADABLE", *told, field="sha256")


def _check_size(movement: Movement, size: int | None) -> None:
    if size is not None and size > movement.bytes_max:
        raise _too_large(movement, size)


def _too_large(movement: Movement, size: int) -> UnableToMove:
    return UnableToMove(
        "MORE_THAN_HELD",
        f"文件至少{size}字节，冻结只覆盖{movement.bytes_max}字节",
        f"is {size} bytes or more; the hold covers {movement.bytes_max}",
        field=movement.source,
    )


def _same(movement: Movement, done: MovementRecord) -> MovementRecord:
    if (done.order_id, done.source, done.target) != (movement.order_id, movement.source, movement.target):
        raise UnableToMove("ID_USED", "编号已用于另一次传输", "the id stands for another movement", field="id")
    return done


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turn what file systems raise into the port's two refusals; a missing file stays one for whoever expects it."""
    try:
        yield
    except (Refused, GeneratorExit):
        raise
    except FileNotFoundError as missing:
        raise UnableToMove("NOT_FOUND", "文件不存在", "is not there", field=url) from missing
    except (PermissionError, IsADirectoryError, NotADirectoryError) as wrong:
        why = wrong.strerror or str(wrong)
        raise UnableToMove("NOT_PERMITTED", f"无法访问：{why}", f"can't be used: {why}", field=url) from wrong
    except Exception as broken:
        why = str(broken) or type(broken).__name__
        raise UnableToReachPlace("BROKE_OFF", f"连接中断：{why}", f"broke off: {why}", field=url) from broken
