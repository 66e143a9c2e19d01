"""`manage.py load_content`: idempotent, strict, and careful with what people wrote."""

import io
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests import cast
from tests.trust_center import publishing
from trust_center.claims import actions, queries
from trust_center.claims.adapters.content_files import FOLDER
from trust_center.claims.models import Statement
from trust_center.claims.states import State
from trust_center.subprocessor_register.models import Edition, Listing
from trust_center.updates.models import Update

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "content"))


@pytest.fixture
def load(db: None, folder: Path) -> Callable[[], str]:
    def run() -> str:
        out = io.StringIO()
        call_command("load_content", folder=folder, stdout=out)
        return out.getvalue()

    return run


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def edit(code: str, text: str) -> Statement:
    current = queries.newest(code)
    assert current is not None
    seen = queries.wording_digest([current])
    tess = cast.person("tess").actor
    return actions.edit(code, wording={"text": text}, seen=seen, actor=tess, now=NOW, reason="By hand")


def state_of(code: str) -> list[tuple[int, str, str]]:
    return [(row.version, str(row.state), row.text[:12]) for row in queries.versions(code)]


def test_a_second_run_changes_nothing_and_says_so(load: Callable[[], str]) -> None:
    said = (
        "152 entries: 147 drafted, 5 published, 0 unchanged, 0 left. A draft is public once a person has signed it.\n"
    )
    assert load() == said
    before = [Statement.history.count(), Listing.history.count(), Update.objects.count(), Edition.objects.count()]
    assert load() == "Nothing changed: all 152 entries are as loaded before.\n"
    after = [Statement.history.count(), Listing.history.count(), Update.objects.count(), Edition.objects.count()]
    assert after == before


def test_nothing_is_public_before_a_person_signs(load: Callable[[], str]) -> None:
    load()
    assert not Statement.objects.filter(state="published").exists()
    assert not Update.objects.filter(topic="claims").exists()
    assert publishing.publish_all(NOW) == 147
    titles = ["The Compliance page is published", "The Trust Center is published"]
    assert sorted(Update.objects.filter(topic__in=["claims", "compliance"]).values_list("title", flat=True)) == titles


def test_a_new_version_of_an_entry_that_nobody_edited_waits_for_a_signature(
    load: Callable[[], str], folder: Path
) -> None:
    load()
    publishing.publish_all(NOW)
    change(folder, "page.yaml", "TLS 1.2+ for all data in transit.", "TLS 1.3 everywhere.")
    assert "152 entries: 1 drafted, 0 published, 151 unchanged" in load()
    assert state_of("C04") == [(2, "draft", "TLS 1.3 ever"), (1, "published", "TLS 1.2+ for")]


def test_a_change_of_layout_is_no_change(load: Callable[[], str], folder: Path) -> None:
    load()
    change(
        folder,
        "page.yaml",
        "  text: TLS 1.2+ for all data in transit.",
        "  text: >\n    TLS 1.2+ for all\n    data in transit.",
    )
    assert "Nothing changed" in load()


def test_what_was_edited_in_the_console_is_never_overwritten(load: Callable[[], str], folder: Path) -> None:
    load()
    publishing.publish_all(NOW)
    publishing.publish([edit("C04", "By hand.")], now=NOW)
    assert "Nothing changed" in load()
    change(folder, "page.yaml", "TLS 1.2+ for all data in transit.", "TLS 1.3 everywhere.")
    assert "C04: became a draft" in load()
    assert state_of("C04") == [
        (3, "draft", "TLS 1.3 ever"),
        (2, "published", "By hand."),
        (1, "retired", "TLS 1.2+ for"),
    ]


def test_an_open_draft_is_left_alone(load: Callable[[], str], folder: Path) -> None:
    load()
    publishing.publish_all(NOW)
    edit("C04", "Half written.")
    change(folder, "page.yaml", "TLS 1.2+ for all data in transit.", "TLS 1.3 everywhere.")
    assert "C04: was not loaded, as a draft of it is open" in load()
    assert state_of("C04")[0] == (2, "draft", "Half written")


def test_a_new_entry_after_the_first_load_is_a_draft(load: Callable[[], str], folder: Path) -> None:
    load()
    more = '\n- code: C99\n  kind: claim\n  part: contact\n  heading: New\n  text: New.\n  kept_by: "By us."\n'
    with (folder / "page.yaml").open("a", encoding="utf-8") as file:
        file.write(more)
    assert "C99: became a draft" in load()
    assert queries.in_state("C99", State.PUBLISHED) is None


def test_a_changed_sub_processor_keeps_its_notice(load: Callable[[], str], folder: Path) -> None:
    load()
    change(folder, "subprocessors.yaml", "Example Mail Delivery GmbH", "Another Mail GmbH")
    assert "SP-02: became a draft" in load()
    assert sorted(str(row.state) for row in Listing.objects.filter(code="SP-02")) == ["current", "draft"]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("page.yaml", "heading: Trust Center", "headline: Trust Center", "overview: unknown key “headline”"),
        ("page.yaml", "  heading: Trust Center\n", "", "overview: “heading” is missing"),
        ("page.yaml", "  kind: passage\n", "  kind: slogan\n", "“kind” must be claim, passage or card"),
        ("page.yaml", "part: overview", "part: nowhere", "there is no part “nowhere”"),
        ("page.yaml", "- code: C02", "- code: C01", "“C01” was used already"),
        ("page.yaml", "  kicker: Trust\n", "  kicker: Trust\n  kicker: Twice\n", "“kicker” is given twice"),
        ("page.yaml", "heading: Trust Center", "heading: [a, b]", "“heading” must be text"),
        ("page.yaml", "heading: Trust Center", "heading: true", "“heading” must be text"),
        ("page.yaml", "heading: Trust Center", "heading: ''", "“heading” is empty"),
        ("page.yaml", "heading: Trust Center", f"heading: {'x' * 201}", "has 201 characters; at most 200 fit"),
        ("page.yaml", 'rules: ["GDPR Art. 5"', "rules: [5", "“rules” must be a list of texts"),
        (
            "page.yaml",
            "- code: overview\n",
            "- code: overview\n  bad: !!python/object:os.system x\n",
            "could not determine",
        ),
        ("page.yaml", "- code: overview\n", "- code: [\n", "page.yaml:"),
        ("subprocessors.yaml", "engaged_on: 2024-01-01", "engaged_on: soon", "“engaged_on” must be a date"),
        ("compliance-alcoa.yaml", "support: built", "support: certified", "“support” must be one of"),
        ("security-contact.yaml", "- code: security-contact", "code: security-contact", "security-contact.yaml:"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place_and_loads_nothing(
    load: Callable[[], str], folder: Path, file: str, old: str, new: str, words: str
) -> None:
    change(folder, file, old, new)
    with pytest.raises(CommandError) as refused:
        load()
    assert words in str(refused.value)
    assert file in str(refused.value)
    assert (Statement.objects.count(), Listing.objects.count()) == (0, 0)


def test_a_missing_file_is_told(load: Callable[[], str], folder: Path) -> None:
    (folder / "page.yaml").unlink()
    with pytest.raises(CommandError, match=r"page\.yaml"):
        load()
