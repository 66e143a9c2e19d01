"""The product's own settings on services of the test run's own."""

import os
import uuid
from urllib.parse import urlsplit

import structlog

from complere import env
from complere.embedded import services

# One cluster for all test sessions of this checkout; each session has a database of its own in it.
if not env.given("DATABASE_ADMIN_URL"):
    services.use_for_tests(services.data_folder() / "test")

from complere.settings import *  # noqa: F403, TID251

# A logger that keeps its first configuration would hide lines from a test that captures them.
structlog.configure(cache_logger_on_first_use=False)
# Real Argon2id, with little work: the suite signs in thousands of times.
PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]
# A cache of this process's own: clearing it after each test must not empty that of a test session beside this one.
CACHES = {
    "default": {
        **CACHES["default"],  # noqa: F405
        "LOCATION": urlsplit(REDIS_URL)._replace(path=f"/{1 + os.getpid() % 15}").geturl(),  # noqa: F405
    }
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Static files come from their sources; WhiteNoise warns of a folder that nobody collected into.
STATIC_ROOT = services.data_folder() / "test" / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# Sessions that run at once share one cache server, but no key.
CACHES["default"]["KEY_PREFIX"] = f"test-{uuid.uuid4().hex}"
# No name server of the outside is asked: this one cannot be.
DNS_SERVERS = ["127.0.0.1:0"]
