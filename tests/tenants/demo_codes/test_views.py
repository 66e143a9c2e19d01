"""The codes of the demonstration's people, and of nobody else."""

import re

import pytest
from django.urls import include, path
from django.utils import timezone

from tenants import schemas
from tenants.demo_codes.catalogue import APP
from tenants.members.factors import actions, hashing, queries
from tests import cast

# The routes of a demo; the suite itself runs with production's.
urlpatterns = [path("demo/codes/", include("tenants.demo_codes.urls"))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _routes(settings, platform):
    settings.PUBLIC_SCHEMA_URLCONF = settings.ROOT_URLCONF = __name__


def test_a_persons_own_app_is_nobody_elses_business(acme, stranger):
    page = stranger("acme.localhost").get("/demo/codes/")
    assert (page.status_code, "Nobody of the demonstration works here" in page.content.decode()) == (200, True)
    assert "Ann Admin" not in page.content.decode()


def test_the_app_of_the_demonstration_shows_a_code_that_signs(acme, stranger):
    now = timezone.now()
    with schemas.inside(acme):
        ann = cast.person("ann")
        factor = actions.begin_authenticator(
            ann, name=APP, password=cast.PASSWORD, code=cast.code_of(ann, now), now=now
        )
        # Confirmed with the code of the step before, so that the one on the page is still good.
        earlier = hashing.code_at(queries.secret_of(factor), hashing.step_at(now) - 1)
        actions.confirm_authenticator(ann, factor, code=earlier, now=now)
    page = stranger("acme.localhost").get("/demo/codes/").content.decode()
    shown = re.findall(r"<code>(\d{6})</code>", page)
    assert (len(shown), "ann@acme.example" in page) == (2, True)
    with schemas.inside(acme):
        found = actions.check_components(
            ann, password=cast.PASSWORD, code=shown[0], purpose="test", address="", now=timezone.now()
        )
        assert found.detail == {"factor": str(factor.pk)}
    assert "Used; take the next" in stranger("acme.localhost").get("/demo/codes/").content.decode()
    assert "ann@acme.example" not in stranger("globex.localhost").get("/demo/codes/").content.decode()
