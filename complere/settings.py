"""Every setting, in headed groups. Read through complere/env.py; .env.example names them all."""

import base64
import hashlib
import sys
import zoneinfo
from pathlib import Path
from urllib.parse import urlsplit

from complere import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What this process is ---------------------------------------------------------------------
DEMO = env.flag("DEMO", default=False)
DEBUG = env.flag("DEBUG", default=False)
DATA_DIR = env.folder("DATA_DIR", "var")
PORT = env.number("PORT", 8000, minimum=1, maximum=65535)
PLATFORM_ORIGIN = env.text("PLATFORM_ORIGIN", f"http://localhost:{PORT}")
SECURE_ORIGIN = PLATFORM_ORIGIN.startswith("https://")
REGION = env.text("REGION", "eu-central")
# Commands that change the database's structure connect as its owner; nothing else ever does.
OWNER_COMMANDS = {"migrate_schemas", "write_tenant_template", "makemigrations", "remigrate"}
AS_OWNER = env.flag("AS_OWNER", default=len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS)

# --- Secrets ----------------------------------------------------------------------------------
# Fixed values serve development only: complere/checks.py refuses them anywhere else.
DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses-to-start-with"  # noqa: S105
SECRET_KEY = env.secret("SECRET_KEY", DEVELOPMENT_SECRET)
COMPLERE_TASK_KEY = env.secret("COMPLERE_TASK_KEY", DEVELOPMENT_SECRET)
COMPLERE_ROOT_KEY = env.secret(
    "COMPLERE_ROOT_KEY", base64.b64encode(hashlib.sha256(DEVELOPMENT_SECRET.encode()).digest()).decode()
)
# Wraps the keys that sign logs. The web process signs nothing and needs none.
_log_key = base64.b64encode(hashlib.sha256(f"{DEVELOPMENT_SECRET} for logs".encode()).digest()).decode()
COMPLERE_LOG_KEY = env.secret("COMPLERE_LOG_KEY", _log_key if DEMO else "")

# --- Apps: where each one's tables live ---------------------------------------------------------
OURS_EVERYWHERE = ["audit", "tenants.members", "privacy"]
SHARED_APPS = [
    # First: its migrate_schemas extends the one of django_tenants.
    "tenants",
    "django_tenants",
    *OURS_EVERYWHERE,
    "trust_center",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "simple_history",
    "django_htmx",
    "template_partials",
    "csp",
    "complere.apps.ComplereConfig",
]
TENANT_APPS = OURS_EVERYWHERE
INSTALLED_APPS = SHARED_APPS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
AUTH_USER_MODEL = "members.User"
SIMPLE_HISTORY_DATE_INDEX = False

# --- Requests ---------------------------------------------------------------------------------
MIDDLEWARE = [
    "complere.pages.KeepPages",
    "audit.middleware.RequestIdentity",
    "complere.logs.RequestLog",
    "complere.middleware.SecurityHeaders",
    "complere.health.HealthFirst",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.middleware.TenantFromHost",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "tenants.members.middleware.CsrfOfSchema",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.members.middleware.SessionHolds",
    "complere.barriers.SameSiteOnly",
    "complere.barriers.AnonymousDoors",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "complere.middleware.AccessLog",
    "complere.middleware.RefusalPages",
    "tenants.members.visits.Visits",
]
ROOT_URLCONF = "complere.urls.tenant"
PUBLIC_SCHEMA_URLCONF = "complere.urls.platform"
WSGI_APPLICATION = "complere.wsgi.application"
# The tenant middleware refuses every host that is no tenant's, before anything reads it.
ALLOWED_HOSTS = ["*"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "complere.frame.desk",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Database: the runtime role owns nothing; only migrating commands connect as the owner -----


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {
        "ENGINE": "tenants.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "SWITCH_ROLE": not AS_OWNER,
        "OPTIONS": {
            "options": "-c timezone=UTC -c statement_timeout=120000 -c idle_in_transaction_session_timeout=180000"
        },
        "TEST": {"MIGRATE": False},
    }


DATABASES = {
    "default": _database(
        env.secret("DATABASE_OWNER_URL" if AS_OWNER else "DATABASE_URL", "postgresql://unset@localhost/unset")
    )
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

# --- Cache, sessions, messages: all bound to the schema -----------------------------------------
REDIS_URL = env.secret("REDIS_URL", "redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        "KEY_PREFIX": "complere",
        "OPTIONS": {"serializer": "tenants.cache.JsonSerializer"},
    }
}
SESSION_ENGINE = "tenants.members.sessions.adapters.store"
SESSION_COOKIE_NAME = "__Host-sid" if SECURE_ORIGIN else "sid"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_ORIGIN
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_ORIGIN else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "complere.refusals.csrf_failed"

# --- People -----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["tenants.members.backends.MemberBackend", "tenants.members.backends.VisitorBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "tenants.members.passwords.BoundedArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"tenants.members.{validator}"}
    for validator in (
        "passwords.LongEnough",
        "passwords.MaximumLength",
        "passwords.NotCommon",
        "passwords.NotAboutYou",
        "passwords.NotUsedBefore",
        "accounts.adapters.breaches.NotBreached",
    )
]
# Where leaked passwords are looked up: nowhere, in a sorted file of SHA-1 digests, or by five characters of a digest.
BREACH_CHECK = env.choice("BREACH_CHECK", ("bundled", "range-api", "local-file"), "bundled")
BREACH_FILE = env.text("BREACH_FILE", "")
BREACH_API = env.text("BREACH_API", "https://api.pwnedpasswords.com/range/")
PASSWORD_RESET_TIMEOUT = 3600

# --- Work in the background ---------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_TIMEZONE = "UTC"
CELERY_TASK_CLS = "tenants.tenant_task:TenantTask"
SWEEP_EVERY_SECONDS = env.number("SWEEP_EVERY_SECONDS", 2, minimum=1, maximum=300)
SWEEP_LEASE_SECONDS = env.number("SWEEP_LEASE_SECONDS", 30, minimum=1, maximum=600)

# --- Logs of the trails -------------------------------------------------------------------------
SEQUENCE_EVERY_SECONDS = env.number("SEQUENCE_EVERY_SECONDS", 1, minimum=1, maximum=60)
# A time-stamping authority (RFC 3161) for the hourly head over all logs; none: no time stamps.
TSA_URL = env.text("TSA_URL", "")
# Its root certificates as a PEM file: time stamps that do not verify are refused.
TSA_CERTIFICATES = env.text("TSA_CERTIFICATES", "")

# --- Mail -------------------------------------------------------------------------------------
EMAIL_URL = env.secret("EMAIL_URL", "smtp://localhost:25")
EMAIL_BACKEND = "tenants.mailbox.adapters.MailboxBackend" if DEMO else "django.core.mail.backends.smtp.EmailBackend"
MAILBOX_DIR = DATA_DIR / "mail"
_mail = urlsplit(EMAIL_URL)
EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.username or "", _mail.password or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtps"
# For each step of the talk with the mail server. The mail's row is locked meanwhile, so about ten steps
# must end well before the database gives up on an idle transaction.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "Complere Trust Center <trust@complere.example>")

# --- Pages ------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
# One time zone database on every machine, that of the locked package: each deadline names its version.
zoneinfo.reset_tzpath(())
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600

# --- What the browser is told -------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["default"],
        "report-uri": ["/csp-reports/"],
        "report-to": ["policy"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 63072000 if SECURE_ORIGIN else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_ORIGIN
SECURE_SSL_REDIRECT = SECURE_ORIGIN
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_TLS_PROXY") else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"
# From one address while nobody is signed in; the doors themselves have narrower limits.
ANONYMOUS_SENDINGS_A_MINUTE = env.number("ANONYMOUS_SENDINGS_A_MINUTE", 120, minimum=10, maximum=10_000)
UNKNOWN_LINKS_IN_TEN_MINUTES = env.number("UNKNOWN_LINKS_IN_TEN_MINUTES", 60, minimum=10, maximum=10_000)
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, minimum=0, maximum=5)

# --- The way out --------------------------------------------------------------------------------
# host:port pairs that tenants/outbound.py reaches over plain http, for tests and development only.
OUTBOUND_ALLOWED = env.listed("OUTBOUND_ALLOWED")
# Name servers (address:port) that prove e-mail domains; none named: those of the system.
DNS_SERVERS = env.listed("DNS_SERVERS")

# --- Logs -------------------------------------------------------------------------------------
LOG_FORMAT = env.choice("LOG_FORMAT", ("json", "text"), "text" if DEMO else "json")
LOGGING = logs.configure(LOG_FORMAT)
SILENCED_SYSTEM_CHECKS: list[str] = []
