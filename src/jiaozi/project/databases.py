"""Which PostgreSQL the house talks to, and as whom.

Two connections go to one database: ``default`` is the application's role, which can't touch the ledger's tables but
through their functions; ``owner`` migrates. Nothing but migrations and database set-up uses ``owner``.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jiaozi.project.environment import Environment, UnableToReadSettings

APP_ROLE = "jiaozi_app"
_STATEMENT_TIMEOUT_MS = 60_000
_CONNECT_TIMEOUT_S = 5


def _from_url(url: str) -> dict[str, Any]:
    """Read ``postgresql://user:password@host:port/name?host=/socket&sslmode=require``."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise UnableToReadSettings(
            "database_url_wrong",
            "应形如 postgresql://user:password@host:5432/name；仅支持 PostgreSQL",
            "must look like postgresql://user:password@host:5432/name; Jiaozi speaks PostgreSQL only",
            field="DATABASE_URL",
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": {"connect_timeout": _CONNECT_TIMEOUT_S, **options},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _with_options(database: dict[str, Any], *settings: str) -> dict[str, Any]:
    """Add server settings that hold for every session of this connection."""
    words = " ".join([*[f"-c {setting}" for setting in settings], database["OPTIONS"].get("options", "")]).strip()
    return {**database, "OPTIONS": {**database["OPTIONS"], "options": words}}


def from_urls(app_url: str, owner_url: str = "") -> dict[str, dict[str, Any]]:
    """Give both connections; without an owner's own address the application does SET ROLE on the one there is."""
    timeout = f"statement_timeout={_STATEMENT_TIMEOUT_MS}"
    as_role = [] if owner_url else [f"role={APP_ROLE}"]
    return {
        "default": _with_options(_from_url(app_url), timeout, *as_role),
        "owner": _with_options(_from_url(owner_url or app_url)),
    }


def databases(env: Environment) -> dict[str, dict[str, Any]]:
    """Give Django's DATABASES for the environment: the named server, or the embedded one."""
    if env.database_url:
        return from_urls(env.database_url, env.database_owner_url)
    from jiaozi.project import postgres  # noqa: PLC0415 - a named server needs no embedded one

    home = postgres.location(env.folder("postgres"))
    return from_urls(home.url(APP_ROLE), home.url(postgres.OWNER_ROLE))
