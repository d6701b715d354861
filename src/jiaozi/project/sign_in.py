"""Settings of signing in: who may, by which proof, how often they may try. docs/decisions/0020 says why."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

from jiaozi.project.environment import environment

_ENV = environment()

AUTH_USER_MODEL = "party.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "jiaozi.web.sign_in.passwords.LongEnough"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/account/acting?once"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _ENV.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _ENV.https and _ENV.trusted_proxies else None
ALLAUTH_TRUSTED_PROXY_COUNT = _ENV.trusted_proxies

ACCOUNT_ADAPTER = "jiaozi.web.sign_in.adapters.Accounts"
ACCOUNT_FORMS = {"signup": "jiaozi.web.sign_in.forms.SignUp"}
SOCIALACCOUNT_FORMS = {"signup": "jiaozi.web.sign_in.forms.ProviderSignUp"}
JIAOZI_SIGN_UP = _ENV.sign_up
ACCOUNT_USER_DISPLAY = "jiaozi.web.sign_in.adapters.shown"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/10m/key", "login": "60/m/ip", "signup": "20/m/ip"}
"""Five wrong passwords for one address lock it for ten minutes, from wherever they come; the rest are the defaults."""

MFA_ADAPTER = "jiaozi.web.sign_in.adapters.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "交子 Jiaozi"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _ENV.https
"""Browsers themselves allow passkeys without HTTPS on localhost alone."""

JIAOZI_STAFF_SECOND_FACTOR = not _ENV.demo if _ENV.staff_second_factor is None else _ENV.staff_second_factor
"""Whether staff must have a second factor, and show it, before any page but those that set one up, and any token."""

SOCIALACCOUNT_ADAPTER = "jiaozi.web.sign_in.adapters.Providers"
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": each.id,
                "name": each.name,
                "client_id": each.client_id,
                "secret": each.secret,
                "settings": {
                    "server_url": each.server_url,
                    "oauth_pkce_enabled": True,
                    "email_authentication": each.trusts_email,
                },
            }
            for each in _ENV.openid
        ]
    }
}
SIGN_IN_ORIGINS = sorted(
    {
        f"{where.scheme}://{where.netloc}"
        for each in _ENV.openid
        for where in map(urlsplit, (each.server_url, *each.sign_in_origins))
    }
)
"""Where a form may lead to beside this service."""

_MAIL = urlsplit(_ENV.email_url)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _MAIL.scheme else 'console'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _MAIL.hostname or "", _MAIL.port or (465 if _MAIL.scheme == "smtps" else 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.scheme == "smtps", _MAIL.scheme == "smtp"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = parse_qs(_MAIL.query).get("from", ["jiaozi@localhost"])[0]
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
