"""The import contracts hold, cover every feature folder, and each of them can fail."""

import contextlib
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.architecture import sources

CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
# One forbidden import for each contract: where it is put, and what it imports.
VIOLATIONS = {
    "apps": ("privacy/deadlines/queries.py", "trust_center.apps"),
    "inside-a-feature": ("tenants/tenancy/models.py", "tenants.tenancy.queries"),
    "audit": ("audit/subject_keys/queries.py", "audit.encryption"),
    "tenants": ("tenants/regions/catalogue.py", "tenants.tenancy.states"),
    "members": ("tenants/members/outbox/queries.py", "tenants.members.contacts.queries"),
    "privacy": ("privacy/incidents/queries.py", "privacy.subject_requests.states"),
    "trust-center": ("trust_center/updates/queries.py", "trust_center.claims.states"),
    "pure": ("privacy/deadlines/states.py", "django.utils.timezone"),
    "one-door-into-a-schema": ("privacy/deadlines/queries.py", "django_tenants.utils"),
    "edge-of-trust_center": ("privacy/deadlines/queries.py", "trust_center.claims.urls"),
    "edge-of-privacy": ("trust_center/claims/queries.py", "privacy.deadlines.urls"),
    "edge-of-tenants": ("privacy/deadlines/queries.py", "tenants.mailbox.views"),
    "edge-of-audit": ("tenants/tenancy/queries.py", "audit.trail.views"),
    "models-of-trust_center": ("complere/frame.py", "trust_center.claims.models"),
    "models-of-privacy": ("trust_center/claims/queries.py", "privacy.deadlines.models"),
    "models-of-tenants": ("privacy/deadlines/queries.py", "tenants.tenancy.models"),
    "models-of-audit": ("tenants/tenancy/queries.py", "audit.subject_keys.models"),
}


def lint(folder: Path, *contracts: str) -> tuple[int, str]:
    wanted = [word for contract in contracts for word in ("--contract", contract)]
    command = [str(sources.ROOT / ".venv" / "bin" / "lint-imports"), "--no-cache", *wanted]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The tree without its data, to be broken."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copy(sources.ROOT / "pyproject.toml", folder)
    for name in (*sources.APPS, sources.ASSEMBLY):
        shutil.copytree(sources.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_every_contract_is_kept():
    code, said = lint(sources.ROOT)
    assert code == 0, said


def test_every_feature_folder_is_under_the_feature_contract():
    assert sorted(CONTRACTS["inside-a-feature"]["containers"]) == sources.features()


def test_every_library_is_under_the_contract_of_the_pure():
    assert set(sources.LIBRARIES) <= set(CONTRACTS["pure"]["source_modules"])


def test_every_contract_is_tried():
    assert sorted(VIOLATIONS) == sorted(CONTRACTS)


@contextlib.contextmanager
def broken(folder: Path, path: str, imported: str):
    file = folder / path
    before = file.read_text()
    file.write_text(f"{before}\nimport {imported}\n")
    try:
        yield
    finally:
        file.write_text(before)


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_each_contract_catches_what_it_forbids(copy, contract):
    path, imported = VIOLATIONS[contract]
    with broken(copy, path, imported):
        code, said = lint(copy, contract)
    assert code == 1, said
    assert imported.rsplit(".", 1)[0].split(".")[0] in said
    assert "Contracts: 0 kept, 1 broken." in said


@pytest.mark.parametrize("library", sources.LIBRARIES)
def test_a_pure_library_knows_no_framework_and_nothing_of_its_app(copy, library):
    path, app = f"{library.replace('.', '/')}/tree.py", library.split(".", maxsplit=1)[0]
    for imported, contract in [("django.utils.timezone", "pure"), (f"{app}.context", app)]:
        with broken(copy, path, imported):
            code, said = lint(copy, contract)
        assert code == 1, said
        assert library in said
