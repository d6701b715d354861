"""Every setting that an operator may change, read from the environment once, typed, with a safe default.

Names in the environment are the fields' names in capitals with ``JIAOZI_`` before them, but for ``DATABASE_URL`` and
``DATABASE_OWNER_URL``, which keep the names that everybody knows. docs/operating/settings.md is the operator's list.
"""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from jiaozi.kernel.refusal import Refused


class Site(BaseModel):
    """What a government site states of itself in its footer; what is empty is shown as unpublished."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sponsor: str = ""
    operator: str = ""
    contact: str = ""
    code: str = ""
    icp: str = ""
    police: str = ""
    licence: str = ""
    """Under which licence the open data is given out, such as ``CC-BY-4.0``."""
    objections: str = ""
    """Where objections to a public notice are sent."""


class Leases(BaseModel):
    """How much of a voucher centres may spend without asking, and for how long; no city has published a figure.

    Shares are percent of what is left of a voucher: all leases together, one at least, one at most; ``refill_percent``
    is the share of a lease's size below which it is filled up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    total_percent: int = Field(50, ge=0, le=100)
    floor_percent: int = Field(2, ge=0, le=100)
    ceiling_percent: int = Field(30, ge=0, le=100)
    refill_percent: int = Field(50, ge=0, le=100)
    hours: int = Field(48, ge=1, le=24 * 31)
    report_hours: int = Field(72, ge=1, le=24 * 366)
    idle_days: int = Field(30, ge=1, le=366)
    auto_return: bool = True


class OpenIdProvider(BaseModel):
    """An OpenID Connect provider by which people may sign in.

    ``trusts_email`` lets it sign in whoever has the same address here, where the provider says that it verified it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern="^[a-z0-9-]{1,30}$")
    name: str
    server_url: str
    client_id: str
    secret: str
    trusts_email: bool = False
    sign_in_origins: list[str] = []
    """Origins that a browser is led to in order to sign in, where they are not the server's own."""


class Environment(BaseSettings):
    """The operator's settings."""

    model_config = SettingsConfigDict(env_prefix="JIAOZI_", extra="ignore")

    var: Path = Path("var")
    """Folder of everything that lasts: database, secrets, job folders, logs."""
    database_url: str = Field("", validation_alias=AliasChoices("DATABASE_URL"))
    """The application's PostgreSQL; empty means the embedded one."""
    database_owner_url: str = Field("", validation_alias=AliasChoices("DATABASE_OWNER_URL"))
    """The role that migrates. Empty: ``DATABASE_URL`` migrates, and the application does SET ROLE to ``jiaozi_app``."""
    seal_key: str = Field("", pattern="^([0-9a-f]{64})?$")
    """Signs the open ledger: 64 hexadecimal digits; empty means a random one kept in ``var/secrets``."""
    secret_key: str = ""
    """Signs cookies; empty means a random one kept in ``var/secrets``."""
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: list[str] = ["127.0.0.1", "localhost", "[::1]"]
    debug: bool = False
    programme: str = "chengdu-2023"
    """The programme that the first page shows."""
    session_minutes: int = Field(30, ge=2)
    """A session ends so long after the last page that was opened; it never lasts longer than twelve hours."""
    sign_up: bool = True
    """Whether anybody may open an account; without it, administrators enrol people."""
    trusted_proxies: int = 0
    """How many proxies of yours stand before the service: limits count by the address that they report."""
    public_url: str = Field("", pattern=r"^(https?://[^\s/]+)?$")
    """The address by which people reach the service, for links in mail; empty means host and port."""
    https: bool = False
    """Whether people reach the service by HTTPS: cookies are then kept to it."""
    email_url: str = ""
    """Where mail goes: ``smtp://user:password@host:587/?from=name@example.cn`` (``smtps``: TLS from the start).
    Empty: mail is written to the log."""
    site: Site = Site()
    openid: list[OpenIdProvider] = []
    demo: bool = False
    """Whether this is a demonstration, with its well-known passwords."""
    staff_second_factor: bool | None = None
    """Whether officers, finance, operators, auditors and centres' clerks must prove a second factor; unless it is said,
    everywhere but in a demonstration."""
    webhooks_to_private_addresses: bool = False
    """Whether webhooks may be called at private addresses and without TLS."""
    process_engine: bool = False
    """Whether jobs may run on this machine; on in the demo, off elsewhere unless the operator says so."""
    process_isolation: str = "required"
    """``required`` refuses jobs where the machine allows no namespaces; ``where_possible`` runs them less well held."""

    staging: Path | None = None
    """The file that names the places between which orders' data may be moved; docs/reference/staging.md."""

    quote_valid_s: int = Field(900, ge=1, le=86_400)
    """Seconds for which a quote may be held for; a quarter of an hour, until a city publishes a figure."""

    leases: Leases = Leases()
    session_warn_minutes: list[Annotated[int, Field(ge=1, le=1_440)]] = [10, 2]
    """Minutes before its end at which a session's holder is warned."""
    session_jupyter: str = ""
    """JupyterLab's program on this machine, for the process engine: ``make setup-jupyter`` says where it put one."""
    session_sshd: str = ""
    """The SSH server's program on this machine, for the process engine; empty: it opens no shells."""

    def folder(self, *parts: str) -> Path:
        """Give a path below ``var``, absolute."""
        return self.var.resolve().joinpath(*parts)


class UnableToReadSettings(Refused):
    """A setting in the environment is not what it must be; the field names it."""


@cache
def environment() -> Environment:
    """Read the environment once.

    Raises
    ------
    UnableToReadSettings
        Naming the first setting that is wrong.
    """
    try:
        return Environment()
    except (ValidationError, SettingsError) as error:
        raise _told(error) from error


def _told(error: Exception) -> UnableToReadSettings:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        name, why = str(first["loc"][0]), first["msg"]
    else:  # a list that is not JSON: 'error parsing value for field "x" from source "y"'
        name, why = str(error).split('"')[1], 'must be JSON, such as ["example.org"]'
    setting = name if name.startswith("DATABASE") else f"JIAOZI_{name.upper()}"
    return UnableToReadSettings("setting_wrong", f"设置有误：{why}", f"the setting is wrong: {why}", field=setting)


def kept_secret(path: Path, length: int = 50) -> str:
    """Read a secret that lasts, making it on first use, readable by its owner alone.

    Two processes that make it at once agree: it is written whole beside its place and then linked there, once.
    """
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    half.touch(mode=0o600)
    try:
        half.write_text(secrets.token_urlsafe(length), encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(half)
    finally:
        half.unlink()
    return path.read_text(encoding="ascii").strip()
