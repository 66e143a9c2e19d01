import pytest

from tests.trust_center.documents.conftest import LOADER, NOW
from trust_center.documents import actions, queries

pytestmark = pytest.mark.django_db


def test_the_first_versions_are_printed_and_published_once(register):
    assert [version.number for version in actions.load_first_versions(actor=LOADER, now=NOW)] == [1, 1, 1, 1]
    assert actions.print_due(NOW) == 4
    assert [str(kind) for kind in queries.published()] == ["dpa", "security-overview", "questionnaire", "sla"]
    assert actions.load_first_versions(actor=LOADER, now=NOW) == []
    assert actions.print_due(NOW) == 0
