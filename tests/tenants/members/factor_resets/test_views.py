import re

import pytest
from django.utils import timezone

from tenants import schemas
from tenants.members.factors import queries as factors
from tenants.members.roles import actions as roles
from tests import cast
from tests.tenants.members import mails

pytestmark = [pytest.mark.django_db, pytest.mark.req("P11-200a3")]
WHY = {"reason": "The telephone fell into the sea"}


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def ben(acme):
    with schemas.inside(acme):
        return cast.person("ben")


@pytest.fixture
def deputy(acme):
    """Sid manages people as well."""
    with schemas.inside(acme):
        said = {"actor": cast.DIRECTOR, "now": timezone.now(), "reason": "Deputy"}
        return roles.change_roles(cast.person("sid"), roles=["tenant_admin"], **said)


def held(acme, ben) -> int:
    with schemas.inside(acme):
        return len(factors.factors_of(ben))


def test_one_asks_another_approves_and_the_person_sets_up_anew(acme, deputy, ben, sign_in):
    ann, sid, person = sign_in("ann"), sign_in("sid"), f"/people/{ben.pk}/"
    own = sign_in("ben")
    assert ann.post(f"{person}factors/reset/", {"reason": ""}).status_code == 422
    page = ann.post(f"{person}factors/reset/", WHY).headers["Location"]
    assert ann.post(f"{person}factors/reset/", WHY).status_code == 409
    assert "A reset waits for a second person" in text(ann.get(person))
    shown = text(ann.get(page))
    assert "You cannot decide on this" in shown
    assert "Approve the reset" not in shown
    refused = ann.post(page, {**WHY, "approve": "1"})
    assert (refused.status_code, held(acme, ben)) == (422, 1)
    assert "You asked for this reset yourself" in text(refused)
    with schemas.inside(acme):
        approvers = mails.newest("factor-reset-asked", "factorreset")
    assert approvers.to in {"sid@acme.example", "ben@acme.example"}
    assert sid.post(page, {"reason": "", "approve": "1"}).status_code == 422
    assert sid.post(page, {"reason": "Spoke to Ben by video", "approve": "1"}).headers["Location"] == person
    assert held(acme, ben) == 0
    assert own.get("/account/").status_code == 302, "the person's sessions have ended"
    assert sid.post(page, {**WHY, "approve": "1"}).status_code == 409
    assert "Nothing set up" in text(sid.get(person))


def test_a_declined_reset_changes_nothing(acme, deputy, ben, sign_in):
    page = sign_in("ann").post(f"/people/{ben.pk}/factors/reset/", WHY).headers["Location"]
    sign_in("sid").post(page, {"reason": "Found the telephone", "decline": "1"})
    assert held(acme, ben) == 1
    assert "Declined" in text(sign_in("ann").get(page))


def test_where_nobody_else_manages_people_the_page_says_what_to_do(acme, ben, sign_in):
    page = sign_in("ann").post(f"/people/{ben.pk}/factors/reset/", WHY).headers["Location"]
    assert "Make another person an administrator" in text(sign_in("ann").get(page))


@pytest.mark.parametrize("key", ["ben", "cay", "aud"])
def test_who_does_not_manage_people_neither_asks_nor_decides(acme, ben, sign_in, key):
    page = sign_in("ann").post(f"/people/{ben.pk}/factors/reset/", WHY).headers["Location"]
    browser = sign_in(key)
    assert [browser.get(page).status_code, browser.post(page, {**WHY, "approve": "1"}).status_code] == [403, 403]
    assert browser.post(f"/people/{ben.pk}/factors/reset/", WHY).status_code == 403
    assert held(acme, ben) == 1
