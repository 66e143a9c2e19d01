"""The page that says what was signed, by whom, and whether it still holds."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from audit.signatures import queries as signatures
from audit.signatures.models import Signature
from audit.signed_records import queries
from tests import cast
from tests.trust_center import publishing
from tests.trust_center.documents import shelf
from trust_center.claims import actions
from trust_center.claims import queries as claims
from trust_center.claims.models import Statement
from trust_center.claims.states import State

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def statement(platform: Any) -> Statement:
    """Loaded, and signed by Leo on 23 November at ten in Berlin."""
    shelf.fill(now=NOW)
    found = claims.in_state("C04", State.PUBLISHED)
    assert found is not None
    return found


@pytest.fixture
def signature(statement: Statement) -> Signature:
    return signatures.of_record(statement).get()


def path(signature: Signature) -> str:
    return f"/signatures/{signature.pk}/"


def read(client: Client, where: str) -> str:
    answer = client.get(where)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.req("P11-50a", "P11-50b", "P11-70")
def test_the_page_tells_all_that_was_signed_and_that_it_holds(sign_in: SignIn, signature: Signature) -> None:
    page = read(sign_in("stan"), path(signature))
    told = (
        "C04 Heading C04, version 1",
        "Leo Legal, Legal",
        "Approval: I approve this for use",
        "Mon 23 Nov 2026 10:00:00 CET",
        "09:00:00 UTC",
        "Europe/Berlin",
        "from draft to published",
        "password and one-time code of an authenticator app",
        signature.reason,
        signature.intent_digest,
        signature.signed_leaf,
        "We promise what C04 says.",
        "It holds",
        "Nothing happened to the record since",
    )
    assert [words for words in told if words not in page] == []


@pytest.mark.req("P11-70")
def test_what_came_later_is_not_covered_and_what_was_signed_stays_readable(
    sign_in: SignIn, statement: Statement, signature: Signature
) -> None:
    actions.retire(statement, actor=cast.person("leo").actor, now=NOW, reason="Not kept any more")
    page = read(sign_in("stan"), path(signature))
    assert "It holds" in page
    assert "The record went on since" in page
    assert "We promise what C04 says." in page


@pytest.mark.req("P11-70")
def test_an_edit_makes_a_new_version_that_nobody_has_signed(statement: Statement) -> None:
    seen, tess = claims.wording_digest([statement]), cast.person("tess").actor
    draft = actions.edit("C04", wording={"text": "Other words."}, seen=seen, actor=tess, now=NOW, reason="New wording")
    assert queries.of(draft) == []
    assert [one.name for one in queries.of(statement)] == ["Leo Legal"]
    publishing.publish([draft], now=NOW)
    standings = [signatures.standing(signatures.of_record(row).get()) for row in (statement, draft)]
    assert [(one.holds, one.current) for one in standings] == [(True, False), (True, True)]


def test_who_may_read_the_history_may_verify(sign_in: SignIn, stranger: Any, signature: Signature) -> None:
    answers = {who: sign_in(who).get(path(signature)).status_code for who in ("tess", "leo", "stan", "pat", "sam")}
    assert answers == {"tess": 200, "leo": 200, "stan": 200, "pat": 200, "sam": 403}
    assert stranger("localhost").get(path(signature)).status_code == 302


def test_a_signature_of_another_schema_is_not_found(sign_in: SignIn, signature: Signature) -> None:
    assert sign_in("ann").get(path(signature)).status_code == 404
    assert sign_in("stan").get(f"/signatures/{uuid4()}/").status_code == 404


@pytest.mark.req("P11-50b")
def test_the_public_reads_role_and_moment_but_no_name(stranger: Any, signature: Signature) -> None:
    document = stranger("localhost").get("/claims.json").json()
    said = next(claim for claim in document["claims"] if claim["id"] == "C04")["signatures"]
    assert said == [
        {
            "role": "Legal",
            "meaning": "Approval: I approve this for use",
            "signed_at": "2026-11-23T09:00:00+00:00",
            "time_zone": "Europe/Berlin",
            "version": signature.signed_version,
            "sha256": signature.intent_digest,
        }
    ]
    for public in ("/", "/claims.json"):
        assert "Leo Legal" not in stranger("localhost").get(public).content.decode()


def test_many_records_take_one_query(statement: Statement, django_assert_num_queries: Any) -> None:
    rows = list(Statement.objects.filter(state=State.PUBLISHED))
    with django_assert_num_queries(1):
        found = queries.of_many(rows)
    assert {pk: len(signed) for pk, signed in found.items()} == {str(row.pk): 1 for row in rows}
    assert queries.of_many([]) == {}
