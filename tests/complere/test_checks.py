"""What production refuses: each fault alone, and none of them in good settings."""

import base64
import hashlib
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings as real
from django.core.exceptions import ImproperlyConfigured

from complere import checks
from tests.complere.embedded.processes import run


def random_looking(name, size=64):
    """The same in every process of a test run, as it names the test."""
    return base64.b64encode(hashlib.sha512(name.encode()).digest()[:size]).decode()


GOOD = {
    "DEMO": False,
    "DEBUG": False,
    "AS_OWNER": False,
    "SECRET_KEY": random_looking("secret"),
    "COMPLERE_ROOT_KEY": random_looking("root", 32),
    "COMPLERE_TASK_KEY": random_looking("task"),
    "COMPLERE_LOG_KEY": random_looking("log", 32),
    "PLATFORM_ORIGIN": "https://trust.complere.eu",
    "REDIS_URL": "redis://:password@valkey:6379/0",
    "EMAIL_URL": "smtp+tls://user:password@mail.complere.eu:587",
    "ALLOWED_HOSTS": ["*"],
    "MIDDLEWARE": ["tenants.middleware.TenantFromHost", "django.middleware.common.CommonMiddleware"],
    "DATABASES": {"default": {"USER": "complere_runtime"}},
    "OUTBOUND_ALLOWED": [],
    "BREACH_CHECK": "bundled",
    "BREACH_FILE": "",
}
AS_OWNER = {"default": {"USER": "complere_owner"}}
DEVELOPMENT = "development-only-secret-that-production-refuses-to-start-with"


@pytest.fixture
def faults(monkeypatch):
    """`faults(NAME=value)` gives the ids of what is wrong with good settings so changed."""

    def with_changes(**changes):
        known = {"DEVELOPMENT_SECRET": real.DEVELOPMENT_SECRET}
        monkeypatch.setattr(checks, "settings", SimpleNamespace(**(GOOD | known | changes)))
        return [fault.id for fault in checks.production_faults()]

    return with_changes


def test_good_settings_have_no_fault(faults):
    assert faults() == []
    checks.refuse_to_start()


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("DEBUG", True, "complere.E001"),
        ("OUTBOUND_ALLOWED", ["127.0.0.1:9000"], "complere.E013"),
        ("SECRET_KEY", DEVELOPMENT, "complere.E002"),
        ("SECRET_KEY", "django-insecure-" + random_looking("secret"), "complere.E002"),
        ("SECRET_KEY", "short", "complere.E002"),
        ("SECRET_KEY", "ab" * 40, "complere.E002"),
        ("COMPLERE_ROOT_KEY", "", "complere.E003"),
        ("COMPLERE_ROOT_KEY", "not base64!", "complere.E003"),
        ("COMPLERE_ROOT_KEY", base64.b64encode(bytes(32)).decode(), "complere.E003"),
        ("COMPLERE_ROOT_KEY", random_looking("root", 16), "complere.E003"),
        ("COMPLERE_LOG_KEY", "not base64!", "complere.E012"),
        ("COMPLERE_LOG_KEY", GOOD["COMPLERE_ROOT_KEY"], "complere.E012"),
        ("COMPLERE_TASK_KEY", DEVELOPMENT, "complere.E004"),
        ("COMPLERE_TASK_KEY", GOOD["SECRET_KEY"], "complere.E004"),
        ("COMPLERE_TASK_KEY", "short", "complere.E004"),
        ("MIDDLEWARE", ["django.middleware.common.CommonMiddleware"], "complere.E005"),
        ("MIDDLEWARE", GOOD["MIDDLEWARE"][::-1], "complere.E005"),
        ("PLATFORM_ORIGIN", "http://trust.complere.eu", "complere.E006"),
        ("PLATFORM_ORIGIN", "https://localhost", "complere.E006"),
        ("PLATFORM_ORIGIN", "https://acme.localhost:8443", "complere.E006"),
        ("PLATFORM_ORIGIN", "https://trust.complere.eu/path", "complere.E006"),
        ("DATABASES", AS_OWNER, "complere.E007"),
        ("DATABASES", {"default": {"USER": "postgres"}}, "complere.E007"),
        ("DATABASES", {"default": {"USER": "unset"}}, "complere.E008"),
        ("REDIS_URL", "redis://valkey:6379/0", "complere.W009"),
        ("EMAIL_URL", "smtp://", "complere.E010"),
        ("EMAIL_URL", "file:///mail", "complere.E010"),
    ],
)
@pytest.mark.req("ASVS-13.4.2")
def test_each_fault_is_found_alone(faults, name, value, fault):
    assert faults(**{name: value}) == [fault]
    if fault[9] == "E":
        with pytest.raises(ImproperlyConfigured, match=fault):
            checks.refuse_to_start()


def test_a_file_of_leaked_passwords_that_is_not_there_is_found(faults, tmp_path):
    file = tmp_path / "digests.txt"
    assert faults(BREACH_CHECK="local-file", BREACH_FILE=str(file)) == ["complere.E014"]
    assert faults(BREACH_CHECK="local-file") == ["complere.E014"]
    file.touch()
    assert faults(BREACH_CHECK="local-file", BREACH_FILE=str(file)) == []


def test_the_key_that_settings_derive_for_development_is_refused(faults):
    derived = base64.b64encode(hashlib.sha256(real.DEVELOPMENT_SECRET.encode()).digest()).decode()
    assert faults(COMPLERE_ROOT_KEY=derived) == ["complere.E003"]


def test_only_who_signs_needs_the_key_of_the_logs(faults):
    assert faults(COMPLERE_LOG_KEY="") == []
    with pytest.raises(ImproperlyConfigured, match="COMPLERE_LOG_KEY"):
        checks.refuse_to_sign_without_key()
    assert faults() == []
    checks.refuse_to_sign_without_key()


def test_a_migrating_command_may_be_the_owner(faults):
    assert faults(DATABASES=AS_OWNER, AS_OWNER=True) == []


def test_a_demo_is_free_of_the_rules_and_says_that_it_is_a_demo(faults):
    assert faults(DEMO=True, DEBUG=True) == []
    checks.refuse_to_start()
    assert [message.id for message in checks.deployment(None)] == ["complere.W011"]


def production(**changes):
    values = {
        "DEMO": "0",
        "SECRET_KEY": GOOD["SECRET_KEY"],
        "COMPLERE_ROOT_KEY": GOOD["COMPLERE_ROOT_KEY"],
        "COMPLERE_TASK_KEY": GOOD["COMPLERE_TASK_KEY"],
        "PLATFORM_ORIGIN": GOOD["PLATFORM_ORIGIN"],
        "EMAIL_URL": GOOD["EMAIL_URL"],
        "REDIS_URL": GOOD["REDIS_URL"],
        "DATABASE_URL": "postgresql://complere_runtime:password@postgres/complere",
        "BEHIND_TLS_PROXY": "1",
    }
    return run(
        sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", timeout=60, **(values | changes)
    )


def test_check_deploy_is_clean_with_production_settings():
    result = production()
    assert (result.returncode, result.stdout) == (0, "System check identified no issues (0 silenced).\n"), result.stderr


def test_check_deploy_names_every_fault_of_a_bare_production():
    result = production(SECRET_KEY="", COMPLERE_ROOT_KEY="", COMPLERE_TASK_KEY="", PLATFORM_ORIGIN="", DEBUG="1")
    assert result.returncode == 1
    assert [n for n in ("E001", "E002", "E003", "E004", "E006") if f"complere.{n}" in result.stderr] == [
        "E001", "E002", "E003", "E004", "E006"]  # fmt: skip


@pytest.mark.parametrize("entry", ["complere.wsgi", "complere.celery"])
def test_every_entry_point_refuses_to_start_with_development_secrets(entry):
    values = {
        "DEMO": "0",
        "DATABASE_URL": "postgresql://complere_runtime:password@postgres/complere",
        "REDIS_URL": GOOD["REDIS_URL"],
    }
    result = run(sys.executable, "-c", f"import {entry}", **values)
    assert result.returncode == 1
    assert "ImproperlyConfigured: This is production (DEMO is off), and:" in result.stderr
    assert [n for n in ("E002", "E003", "E004", "E006") if f"complere.{n}" in result.stderr] == [
        "E002", "E003", "E004", "E006"]  # fmt: skip
