import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfWriter

from audit import context
from tests.trust_center import publishing
from tests.trust_center.documents import shelf
from trust_center.documents import actions, queries
from trust_center.documents.adapters import printing

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LOADER = context.service("loader")


def one_page() -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(width=595, height=842)
    writer.write(out)
    return out.getvalue()


ONE_PAGE = one_page()


@pytest.fixture
def register(platform) -> None:
    """Two sub-processors and two commitments are public."""
    shelf.fill(now=NOW)


@pytest.fixture
def quick_press(monkeypatch) -> None:
    """A press that prints one page of nothing: for tests of what happens around printing."""
    monkeypatch.setattr(printing, "pdf_of", lambda html: (1, ONE_PAGE))


@pytest.fixture
def published(register, quick_press) -> dict:
    """The first version of each document."""
    actions.load_first_versions(actor=LOADER, now=NOW)
    actions.print_due(NOW)
    for version in queries.current_versions():
        publishing.publish_version(version, now=NOW)
    actions.make_copies(NOW)
    return queries.published()
