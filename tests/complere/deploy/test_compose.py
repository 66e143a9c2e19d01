"""docker-compose.yml: what a parser can hold against it, as no engine runs here."""

import re
import stat
import sys
from pathlib import Path

import pytest
import yaml

from complere.embedded import demo
from tests.complere.embedded.processes import ROOT, run
from tests.complere.test_env import names_in_example, names_read

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ["prepare", "migrate", "web", "worker", "beat"]
FOREIGN_NAMES = {"postgres": {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}, "mail": {"MP_MAX_MESSAGES"}}
SECRET = re.compile(r"password|secret|key|_url$", re.IGNORECASE)
each_service = pytest.mark.parametrize("name", SERVICES)


def environment(name):
    return SERVICES[name].get("environment", {})


def test_the_deployment_has_all_its_parts():
    assert sorted(SERVICES) == sorted(["postgres", "valkey", *OURS, "mail", "proxy"])


@each_service
def test_every_service_has_a_pinned_image(name):
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[a-z][a-z0-9/-]+:(v?\d[\w.-]*|\$\{RELEASE:-local\})", image)
    assert ("build" in SERVICES[name]) == (name in OURS)


@pytest.mark.req("ASVS-15.2.1")
def test_the_image_is_built_from_a_file_that_exists_and_installs_by_hash():
    build = SERVICES["web"]["build"]
    dockerfile = (ROOT / build["context"] / build["dockerfile"]).read_text()
    installs = re.findall(r"pip install .*", dockerfile)
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert re.search(r"^USER (?!0|root)", dockerfile, re.MULTILINE)
    copied = re.findall(r"^COPY (?!--)(\S+(?: \S+)*) \S+$", dockerfile, re.MULTILINE)
    assert [path for line in copied for path in line.split() if not (ROOT / path).exists()] == []


@each_service
def test_every_variable_is_one_that_somebody_reads(name):
    known = names_read() | FOREIGN_NAMES.get(name, set()) | ({"SITE_ADDRESSES"} if name == "proxy" else set())
    assert {key.removesuffix("_FILE") for key in environment(name)} - known == set()


def test_every_variable_of_the_shell_is_in_the_example():
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert used - names_in_example() == set()


@each_service
def test_no_secret_stands_in_the_file(name):
    plain = {
        key: value for key, value in environment(name).items()
        if SECRET.search(key) and not key.endswith("_FILE") and key not in {"EMAIL_URL", "TSA_URL"}
    }  # fmt: skip
    assert plain == {}


@each_service
def test_every_secret_that_is_read_is_mounted_and_declared(name):
    read = set(re.findall(r"/run/secrets/(\w+)", str(SERVICES[name])))
    assert read <= set(SERVICES[name].get("secrets", []))
    assert set(SERVICES[name].get("secrets", [])) <= set(COMPOSE["secrets"])


def test_only_who_changes_structure_gets_the_owner():
    holders = {
        secret: [name for name in SERVICES if secret in SERVICES[name].get("secrets", [])]
        for secret in ("database_owner_url", "database_admin_url")
    }
    assert holders == {"database_owner_url": ["prepare", "migrate"], "database_admin_url": ["prepare"]}


@each_service
def test_every_service_is_closed_down(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    # These two begin as root to own their data folder, and then change the account.
    assert service.get("cap_drop") == (None if name in {"postgres", "valkey"} else ["ALL"])
    assert "privileged" not in service
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in {"prepare", "migrate"}])
def test_whatever_stays_has_a_health_check_and_comes_back(name):
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_order_of_starting():
    order = {
        name: {other: rule["condition"] for other, rule in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    completed, healthy = "service_completed_successfully", "service_healthy"
    after_migrating = {"migrate": completed, "postgres": healthy, "valkey": healthy}
    assert order == {
        "postgres": {}, "valkey": {}, "mail": {},
        "prepare": {"postgres": healthy},
        "migrate": {"prepare": completed, "valkey": healthy},
        "web": after_migrating, "worker": after_migrating, "beat": after_migrating,
        "proxy": {"web": healthy},
    }  # fmt: skip


def test_only_the_proxy_is_open_to_the_world():
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "proxy": ["80:80", "443:443", "443:443/udp"],
        "mail": ["127.0.0.1:8025:8025"],
    }
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [
        name
        for name in ("postgres", "valkey", "prepare", "migrate", "beat")
        if SERVICES[name]["networks"] != ["inside"]
    ] == []


@each_service
def test_networks_volumes_and_files_exist(name):
    assert set(SERVICES[name]["networks"]) <= set(COMPOSE["networks"])
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_the_commands_are_those_of_the_demo():
    assert SERVICES["worker"]["command"] == ["celery", *demo.worker_command()[3:10], "--loglevel", "INFO"]
    assert SERVICES["beat"]["command"] == ["celery", *demo.beat_command(Path("/tmp/beat-schedule"))[3:]]
    web = (ROOT / "complere/deploy/web.sh").read_text()
    flags = {word for word in demo.web_command(8000) if word.startswith("--")}
    assert {flag for flag in flags if flag not in web} == set()


def test_the_configuration_of_the_proxy_is_balanced_and_sends_to_the_web():
    caddy = (ROOT / "complere/deploy/Caddyfile").read_text()
    assert caddy.count("{") == caddy.count("}")
    assert "reverse_proxy web:8000" in caddy
    assert "{$SITE_ADDRESSES}" in caddy


def test_the_proxy_logs_neither_addresses_of_personal_links_nor_cookies():
    caddy = (ROOT / "complere/deploy/Caddyfile").read_text()
    hidden = {line.split()[0] for line in caddy.splitlines() if line.strip().endswith(" delete")}
    assert hidden == {
        "request>uri",
        "request>headers>Referer",
        "resp_headers>Location",
        "request>headers>Cookie",
        "request>headers>Authorization",
    }


def make_secrets(folder):
    return run(sys.executable, "complere/deploy/make_secrets.py", str(folder))


def test_the_secrets_are_made_once_and_fit_the_file(tmp_path):
    folder = tmp_path / "secrets"
    assert make_secrets(folder).stdout == f"{folder}: 11 made, 0 kept\n"
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert make_secrets(folder).stdout == f"{folder}: 0 made, 11 kept\n"
    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    assert {f"./secrets/{name}" for name in first} == {secret["file"] for secret in COMPOSE["secrets"].values()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert first["postgres_password"] in first["database_admin_url"]
    assert first["valkey_password"] in first["redis_url"]
    assert f"requirepass {first['valkey_password']}\n" in first["valkey_config"]


def test_a_deployment_of_an_earlier_release_gets_the_key_that_it_lacks(tmp_path):
    folder = tmp_path / "secrets"
    make_secrets(folder)
    (folder / "complere_log_key").unlink()
    assert make_secrets(folder).stdout == f"{folder}: 1 made, 10 kept\n"
    assert (folder / "complere_log_key").stat().st_size > 40


def test_only_who_signs_the_logs_gets_their_key():
    holders = [name for name in SERVICES if "complere_log_key" in SERVICES[name].get("secrets", [])]
    assert holders == ["worker"]


def test_half_a_set_of_secrets_is_refused(tmp_path):
    folder = tmp_path / "secrets"
    make_secrets(folder)
    (folder / "database_url").unlink()
    result = make_secrets(folder)
    assert (result.returncode, result.stderr) == (
        2, f"{folder} has some secrets but not database_url: restore them, or empty the folder.\n"
    )  # fmt: skip
    assert not (folder / "database_url").exists()
