"""Words that cannot drift: the documents name what there is, and only what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import sources

MAKEFILE = sources.text("Makefile")
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
DOCUMENTS = sorted(
    [*sources.ROOT.glob("*.md"), *(sources.ROOT / "docs").rglob("*.md"), *sources.ROOT.glob("*/README.md")]
)
ALL_TEXT = "\n".join(path.read_text() for path in DOCUMENTS)
ARCHITECTURE = sources.ROOT / "docs" / "architecture.md"


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_is_documented(target):
    assert f"make {target}" in ALL_TEXT


def test_documents_name_no_make_target_that_does_not_exist():
    known = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", ALL_TEXT)) <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(sources.ROOT)))
def test_links_between_documents_lead_somewhere(document):
    text = document.read_text()
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [link for link in links if link and "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("feature", sources.features())
def test_the_map_of_the_house_names_every_feature(feature):
    assert f"`{feature}`" in ARCHITECTURE.read_text()


def test_the_map_of_the_house_names_no_feature_that_is_gone():
    table = ARCHITECTURE.read_text().split("## Features")[1].split("Across apps")[0]
    named = set(re.findall(r"^\| `([a-z_.]+)`", table, re.MULTILINE))
    assert sorted(named - set(sources.features())) == []


@pytest.mark.parametrize("app", ["audit", "tenants", "privacy", "trust_center"])
def test_every_app_has_a_readme(app):
    assert (sources.ROOT / app / "README.md").exists()


@pytest.mark.parametrize(("claim", "code"), [("CLK-99", 4), ("CLK-01", 0)])
def test_a_test_that_claims_an_unknown_requirement_stops_the_run(tmp_path: Path, claim: str, code: int):
    file, settings = tmp_path / "test_claim.py", tmp_path / "pytest.ini"
    file.write_text(f'import pytest\n@pytest.mark.req("{claim}")\ndef test_it():\n    pass\n')
    settings.write_text("[pytest]\nmarkers = req(id): a requirement\n")
    plugins = ["-p", "tests.requirements", "-p", "no:django", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *plugins, "-c", str(settings), str(file)]
    run = subprocess.run(command, cwd=sources.ROOT, capture_output=True, text=True, check=False)
    said = f"There is no requirement {claim!r}" in run.stdout + run.stderr
    assert (run.returncode, said) == (code, code != 0)
