"""What a production process must not run with. `DEMO=1` lifts these; nothing else does.

`manage.py check --deploy` shows all of them; `refuse_to_start()` raises for the errors in every process.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY: Final = 50
SHORTEST_TASK_KEY: Final = 32
ROOT_KEY_BYTES: Final = 32
FEWEST_DIFFERENT: Final = 12
DEVELOPMENT_WORDS: Final = ("development", "insecure", "change-me", "changeme", "example", "demo-", "secret-key")
HOST_GUARD: Final = "tenants.middleware.TenantFromHost"
READS_HOST: Final = "django.middleware.common.CommonMiddleware"
LOCAL: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})


def production_faults() -> list[CheckMessage]:
    """Everything wrong with these settings for production; empty in a demo."""
    if settings.DEMO:
        return []
    return [message for check in CHECKS for message in check()]


def refuse_to_start() -> None:
    """Raise ImproperlyConfigured, naming all errors, where a production process has development settings."""
    errors = [fault for fault in production_faults() if isinstance(fault, Error)]
    if errors:
        lines = [f"{fault.id}: {fault.msg} {fault.hint}" for fault in errors]
        raise ImproperlyConfigured("This is production (DEMO is off), and:\n" + "\n".join(lines))


def refuse_to_sign_without_key() -> None:
    """Raise ImproperlyConfigured in a production process that signs logs and was not given COMPLERE_LOG_KEY."""
    if not settings.DEMO and not settings.COMPLERE_LOG_KEY:
        raise ImproperlyConfigured("The worker signs logs: set COMPLERE_LOG_KEY, or COMPLERE_LOG_KEY_FILE.")


@register(Tags.security, deploy=True)
def deployment(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> Iterable[CheckMessage]:
    """Django's door to production_faults(); a demo is no deployment, and says so."""
    if settings.DEMO:
        return [Caution("This is a demo: no rule of production was checked.", hint="Set DEMO=0.", id="complere.W011")]
    return production_faults()


@register(Tags.database)
def capture(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """`manage.py check --database default`, before a process starts: does every trigger of capture fire?"""
    from audit.reconciliation.adapters import inventory

    disabled = inventory.disabled() if databases else []
    hint = "Ask who switched it off; `manage.py check_trail` names all that differs."
    return [Error(f"Capture is switched off: {name}.", hint=hint, id="complere.E020") for name in disabled]


def _debug() -> list[CheckMessage]:
    if not settings.DEBUG:
        return []
    return [
        Error("DEBUG is on.", hint="Leave DEBUG unset: its error pages show settings and data.", id="complere.E001")
    ]


def _secret_key() -> list[CheckMessage]:
    if _is_strong(settings.SECRET_KEY, SHORTEST_KEY):
        return []
    return [_weak("SECRET_KEY", f"at least {SHORTEST_KEY} random characters", "complere.E002")]


def _root_key() -> list[CheckMessage]:
    if _is_whole_key(settings.COMPLERE_ROOT_KEY):
        return []
    return [_weak("COMPLERE_ROOT_KEY", f"{ROOT_KEY_BYTES} random bytes in base64", "complere.E003")]


def _log_key() -> list[CheckMessage]:
    """Given to whoever signs. A process without it can do everything but sign."""
    known = settings.COMPLERE_LOG_KEY
    if not known or (_is_whole_key(known) and known != settings.COMPLERE_ROOT_KEY):
        return []
    return [_weak("COMPLERE_LOG_KEY", f"{ROOT_KEY_BYTES} random bytes in base64, and no other key", "complere.E012")]


def _task_key() -> list[CheckMessage]:
    key = settings.COMPLERE_TASK_KEY
    if _is_strong(key, SHORTEST_TASK_KEY) and key not in {settings.SECRET_KEY, settings.COMPLERE_ROOT_KEY}:
        return []
    wanted = f"at least {SHORTEST_TASK_KEY} random characters, and no other key"
    return [_weak("COMPLERE_TASK_KEY", wanted, "complere.E004")]


def _hosts() -> list[CheckMessage]:
    order = list(settings.MIDDLEWARE)
    guarded = HOST_GUARD in order and (READS_HOST not in order or order.index(HOST_GUARD) < order.index(READS_HOST))
    if "*" not in settings.ALLOWED_HOSTS or guarded:
        return []
    hint = f"Keep {HOST_GUARD} before {READS_HOST}, or name the hosts in ALLOWED_HOSTS."
    return [Error("Any host name is answered.", hint=hint, id="complere.E005")]


def _origin() -> list[CheckMessage]:
    parts = urlsplit(settings.PLATFORM_ORIGIN)
    host = parts.hostname or ""
    if parts.scheme == "https" and host not in LOCAL and not host.endswith(".localhost") and not parts.path.strip("/"):
        return []
    hint = "Set PLATFORM_ORIGIN to the address that people use, such as https://trust.your-company.com"
    return [Error(f"PLATFORM_ORIGIN is {settings.PLATFORM_ORIGIN!r}: links and cookies need https.", hint=hint,
                  id="complere.E006")]  # fmt: skip


def _database() -> list[CheckMessage]:
    database = settings.DATABASES["default"]
    if database["USER"] in {"", "unset"}:
        return [Error("No database is named.", hint="Set DATABASE_URL, or DATABASE_URL_FILE.", id="complere.E008")]
    if settings.AS_OWNER or database["USER"] not in {"complere_owner", "postgres"}:
        return []
    hint = "Set DATABASE_URL to the login complere_runtime, as `manage.py prepare_database` prints it."
    return [Error(f"This process reads the database as {database['USER']}.", hint=hint, id="complere.E007")]


def _queue() -> list[CheckMessage]:
    parts = urlsplit(settings.REDIS_URL)
    if parts.password or parts.scheme == "unix":
        return []
    hint = "Give the server a password (requirepass) and put it into REDIS_URL: tasks and sessions' cache pass there."
    return [Caution("REDIS_URL has no password.", hint=hint, id="complere.W009")]


def _mail() -> list[CheckMessage]:
    parts = urlsplit(settings.EMAIL_URL)
    if parts.scheme in {"smtp", "smtps", "smtp+tls"} and parts.hostname:
        return []
    hint = "Set EMAIL_URL to smtp://, smtp+tls:// or smtps:// with a host: notices and links go by mail."
    return [Error("No mail server is named.", hint=hint, id="complere.E010")]


def _way_out() -> list[CheckMessage]:
    if not settings.OUTBOUND_ALLOWED:
        return []
    hint = "Leave OUTBOUND_ALLOWED unset: what admins of tenants type could reach our own network."
    return [Error("Addresses are asked over plain http.", hint=hint, id="complere.E013")]


def _leaked_passwords() -> list[CheckMessage]:
    if settings.BREACH_CHECK != "local-file" or Path(settings.BREACH_FILE).is_file():
        return []
    hint = "Set BREACH_FILE to a file of sorted SHA-1 digests, or BREACH_CHECK to bundled or range-api."
    return [Error("There is no file of leaked passwords.", hint=hint, id="complere.E014")]


def _is_strong(key: object, shortest: int) -> bool:
    if not isinstance(key, str) or len(key) < shortest or len(set(key)) < FEWEST_DIFFERENT:
        return False
    return not any(word in key.lower() for word in DEVELOPMENT_WORDS)


def _is_whole_key(known: str) -> bool:
    try:
        key = base64.b64decode(known, validate=True)
    except (binascii.Error, ValueError):
        return False
    random = len(key) == ROOT_KEY_BYTES and len(set(key)) >= FEWEST_DIFFERENT
    return random and key != _digest_of_development_secret()


def _digest_of_development_secret() -> bytes:
    return hashlib.sha256(str(getattr(settings, "DEVELOPMENT_SECRET", "")).encode()).digest()


def _weak(name: str, wanted: str, number: str) -> CheckMessage:
    hint = f"Set {name}, or {name}_FILE, to {wanted}."
    return Error(f"{name} is missing, weak or known to everybody.", hint=hint, id=number)


CHECKS: Final[tuple[Callable[[], list[CheckMessage]], ...]] = (
    _debug, _secret_key, _root_key, _log_key, _task_key, _hosts, _origin, _database, _queue, _mail, _way_out,
    _leaked_passwords,
)  # fmt: skip
