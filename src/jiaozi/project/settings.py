"""Django's settings: the fixed part here, what an operator may change in ``environment``."""

from __future__ import annotations

import hashlib
from pathlib import Path

from csp.constants import SELF

from jiaozi.project.databases import databases
from jiaozi.project.environment import environment, kept_secret
from jiaozi.project.sign_in import *  # noqa: F403 - settings of the sign-in library, a chapter of its own
from jiaozi.project.sign_in import SIGN_IN_ORIGINS

_ENV = environment()

SECRET_KEY = _ENV.secret_key or kept_secret(_ENV.folder("secrets", "django"))
DEBUG = _ENV.debug
ALLOWED_HOSTS = _ENV.allowed_hosts
ROOT_URLCONF = "jiaozi.project.urls"
WSGI_APPLICATION = "jiaozi.project.wsgi.application"

INSTALLED_APPS = [
    "jiaozi.web",  # before the sign-in library, so that its pages are drawn by our templates
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "procrastinate.contrib.django",
    "csp",
    "django_htmx",
    "jiaozi.journal",
    "jiaozi.party",
    "jiaozi.alert",
    "jiaozi.ledger",
    "jiaozi.policy",
    "jiaozi.catalogue",
    "jiaozi.application",
    "jiaozi.voucher",
    "jiaozi.order",
    "jiaozi.lease",
    "jiaozi.metering",
    "jiaozi.exchange",
    "jiaozi.settlement",
    "jiaozi.lab",
    "jiaozi.transparency",
    "jiaozi.notice",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jiaozi.project.static.CompressedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "jiaozi.web.session.Lasting",
    "jiaozi.web.frame.Frame",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = databases(_ENV)
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
"""Shared by every process, so that a limit on attempts counts them all; ``migrate`` makes its table."""

SESSION_COOKIE_AGE = _ENV.session_minutes * 60
JIAOZI_SESSION_LONGEST_S = 12 * 3600
"""However much it is used, a session ends after a working day."""
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

JIAOZI_SEAL_KEY = _ENV.seal_key or hashlib.sha256(kept_secret(_ENV.folder("secrets", "seal")).encode()).hexdigest()
"""Signs the open ledger's checkpoints: the seed of an Ed25519 key, 64 hexadecimal digits."""

JIAOZI_SITE = _ENV.site.model_dump()
JIAOZI_DEMO = _ENV.demo

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATIC_ROOT = _ENV.folder("static")
STATICFILES_DIRS = [
    ("vendor/echarts", Path(__file__).resolve().parent.parent / "lab" / "report" / "vendor" / "echarts-6.1.0")
]
"""The lab's report has the plots' library inside it; pages load the same file."""
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "jiaozi.project.static.CompressedOnce"},
}
"""Served from where they are collected, compressed; never from the source, which has no compressed form beside it."""

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": [SELF, *SIGN_IN_ORIGINS],
    }
}

JIAOZI_PROGRAMME = _ENV.programme
"""The programme that the first page shows."""

JIAOZI_ENGINES = {
    "process": "jiaozi.engines.process",
    "slurm": "jiaozi.engines.slurm",
    "ray": "jiaozi.engines.ray",
    "kubernetes": "jiaozi.engines.kubernetes",
    "agent": "jiaozi.engines.agent",
}
"""Engine name in the catalogue → module that keeps ``jiaozi.order.ports.Engine``."""

JIAOZI_ENGINE_OPTIONS: dict[str, dict[str, object]] = {
    "jiaozi.engines.process": {
        "enabled": _ENV.process_engine,
        "isolation": _ENV.process_isolation,
        "spool": str(_ENV.folder("jobs", "{centre}")),
        "var": str(_ENV.folder()),
        "jupyter": _ENV.session_jupyter,
        "sshd": _ENV.session_sshd,
    },
    "jiaozi.engines.ray": {"session_key_file": str(_ENV.folder("secrets", "ray-sessions.key"))},
    "jiaozi.engines.agent": {
        "centre": "{centre}",
        "spool": str(_ENV.folder("agents", "{centre}.db")),
        "key_file": str(_ENV.folder("secrets", "agents.key")),
    },
}
"""Module → options that this machine gives it, under those of the centre; ``{centre}`` becomes the centre's id."""

JIAOZI_STAGING_MODULE = "jiaozi.engines.staging"
"""What keeps ``jiaozi.order.ports.Staging``."""

JIAOZI_STAGING = str(_ENV.staging) if _ENV.staging else ""
"""The operator's file of places that data may be moved between; empty: no data is moved by URL."""

JIAOZI_MOVES_AT_ONCE = 2
"""Files that are moved at once; a worker does four things at once, and bytes must not keep it from watching jobs."""

JIAOZI_QUOTE_VALID_S = _ENV.quote_valid_s
JIAOZI_SESSION_WARN_MINUTES = _ENV.session_warn_minutes
"""How long a quote stands, in seconds."""

JIAOZI_LEASES = _ENV.leases.model_dump()
"""How large leases are and how long they last; ``jiaozi.lease.rules.Bounds``."""

JIAOZI_EVIDENCE = str(_ENV.folder("evidence"))
"""Where the papers are kept that applicants hand in, each under its SHA-256."""

JIAOZI_API_PACE = {"token": 600, "address": 120}
"""How often in a minute a program may ask by one token, and anybody without one from one address."""

JIAOZI_PUBLIC_URL = _ENV.public_url or f"{'https' if _ENV.https else 'http'}://{_ENV.host}:{_ENV.port}"
JIAOZI_WEBHOOKS_TO_PRIVATE_ADDRESSES = _ENV.webhooks_to_private_addresses
"""Whether webhooks may be called at private addresses and without TLS: inside of one's own walls, and in tests."""
