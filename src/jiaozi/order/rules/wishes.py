"""What a holder wishes beside the job itself: by when, near what, where its data may go, and which data it brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from jiaozi.catalogue.rules import Tier
from jiaozi.dispatch.rules import Request as Wanted
from jiaozi.kernel.text import kept_text
from jiaozi.order.rules.quoting import CODE_MAX, UnableToQuote

DATA_MAX = 100
"""Files by URL that one order may bring, and as many that it may send back."""
BYTES_MAX = 10**15
URL_MAX = 2_000
_DIGEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file by URL.

    Attributes
    ----------
    name
        What it is called in the job's folder.
    size_bytes
        How large it is, or at most is; 0 for an input lets its place be asked.
    sha256
        What an input's content must be; empty where nobody said.
    """

    name: str
    url: str
    size_bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What dispatch weighs beside the job; every field may be left out.

    Attributes
    ----------
    latest_start, deadline
        Begun by, and done by, what comes back included.
    latency_to, latency_max_us
        A place, and the longest round trip to it.
    residency, tier
        The outermost tier that the data may go to; the tier that the holder would rather have.
    data_at
        Where the inputs lie and the outputs go.
    budget_fen
        The most that compute and movement may cost.
    wait_fen_per_hour
        What an hour of waiting is worth to the holder; it ranks, nobody pays it.
    """

    latest_start: datetime | None = None
    deadline: datetime | None = None
    latency_to: str = ""
    latency_max_us: int | None = None
    residency: Tier | None = None
    tier: Tier | None = None
    data_at: str = ""
    inputs: tuple[DataFile, ...] = ()
    outputs: tuple[DataFile, ...] = ()
    budget_fen: int | None = None
    wait_fen_per_hour: int = 0

    @property
    def has_data(self) -> bool:
        """Whether anything is moved."""
        return bool(self.inputs or self.outputs)

    @property
    def in_bytes(self) -> int:
        """What is moved to the centre."""
        return sum(each.size_bytes for each in self.inputs)

    @property
    def out_bytes(self) -> int:
        """The most that is moved back."""
        return sum(each.size_bytes for each in self.outputs)

    def weighed(self, wanted: Wanted) -> Wanted:
        """Put the wishes on what dispatch is asked."""
        return replace(
            wanted,
            latest_start_s=_s(self.latest_start),
            deadline_s=_s(self.deadline),
            latency_to=self.latency_to or None,
            latency_max_us=self.latency_max_us,
            residency=self.residency,
            tier=self.tier,
            data_at=self.data_at or None,
            data_bytes=self.in_bytes,
            result_bytes=self.out_bytes,
            budget_fen=self.budget_fen,
            wait_fen_per_hour=self.wait_fen_per_hour,
        )

    def to_json(self) -> dict[str, Any]:
        """Give what an order keeps of them, its data apart; nothing for what was left out."""
        kept = {
            "budget_fen": self.budget_fen,
            "data_at": self.data_at,
            "deadline": self.deadline and self.deadline.isoformat(),
            "latency_max_us": self.latency_max_us,
            "latency_to": self.latency_to,
            "latest_start": self.latest_start and self.latest_start.isoformat(),
            "residency": self.residency and self.residency.value,
            "tier": self.tier and self.tier.value,
            "wait_fen_per_hour": self.wait_fen_per_hour,
        }
        return {name: value for name, value in kept.items() if value not in (None, "", 0)}


NONE = Wishes()


def from_json(kept: Mapping[str, Any], inputs: tuple[DataFile, ...] = (), outputs: tuple[DataFile, ...] = ()) -> Wishes:
    """Read what an order keeps.

    >>> from_json(Wishes(tier=Tier.CITY, wait_fen_per_hour=5).to_json())
    Wishes(latest_start=None, deadline=None, latency_to='', latency_max_us=None, residency=None, \
tier=<Tier.CITY: 'CITY'>, data_at='', inputs=(), outputs=(), budget_fen=None, wait_fen_per_hour=5)
    """
    words = dict(kept)
    for name in ("latest_start", "deadline"):
        if name in words:
            words[name] = datetime.fromisoformat(words[name])
    for name in ("residency", "tier"):
        if name in words:
            words[name] = Tier(words[name])
    return Wishes(**words, inputs=inputs, outputs=outputs)


def check(wishes: Wishes, files: Mapping[str, str]) -> None:
    """Refuse wishes that can't be kept, and data that can't be meant; ``files`` are those that the order carries.

    That names are plain is the engine's port's to say.

    Raises
    ------
    UnableToQuote
        Naming the field and what would be right.
    """
    for place in ("latency_to", "data_at"):
        kept_text(getattr(wishes, place), place, most=CODE_MAX, refusal=UnableToQuote, required=False)
    if wishes.has_data and not wishes.data_at:
        raise UnableToQuote("FIELD_MISSING", "请写明数据所在地", "say where the data lies", field="data_at")
    for field, some in (("inputs", wishes.inputs), ("outputs", wishes.outputs)):
        if len(some) > DATA_MAX:
            raise UnableToQuote(
                "TOO_MANY_FILES", f"最多{DATA_MAX}个", f"at most {DATA_MAX}, not {len(some)}", field=field
            )
        taken = set(files) if field == "inputs" else set()
        for each in some:
            _check_file(each, field, taken)
            taken.add(each.name)


def _check_file(each: DataFile, field: str, taken: set[str]) -> None:
    kept_text(each.url, field, most=URL_MAX, refusal=UnableToQuote)
    if each.name in taken:
        raise UnableToQuote("NAME_TWICE", f"文件名{each.name}重复", f"there are two files {each.name}", field=field)
    if not (0 if field == "inputs" else 1) <= each.size_bytes <= BYTES_MAX:
        raise UnableToQuote(
            "OUT_OF_RANGE",
            f"{each.name}的大小须为1到{BYTES_MAX}字节",
            f"{each.name} must be 1 to {BYTES_MAX} bytes",
            field=field,
        )
    if each.sha256 and (len(each.sha256) != _DIGEST or set(each.sha256) - set("0123456789abcdef")):
        raise UnableToQuote(
            "CHECKSUM_UNREADABLE",
            f"{each.name}的校验和须为64位小写十六进制",
            f"the checksum of {each.name} must be 64 lower-case hexadecimal digits",
            field=field,
        )


def _s(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())
