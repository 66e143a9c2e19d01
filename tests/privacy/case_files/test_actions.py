from datetime import timedelta

import pytest

from audit.context import current_schema
from privacy.case_files import actions, queries
from privacy.case_files.catalogue import KEPT_AFTER_EXPIRY
from privacy.case_files.models import RequestLink
from privacy.case_files.states import Door
from tenants import chores, schemas
from tenants.wakeups import queries as wakeups
from tests.privacy.subject_requests import filings
from tests.privacy.subject_requests.filings import NOW

pytestmark = pytest.mark.django_db
DAY, YEAR = timedelta(days=1), timedelta(days=365)


def link(valid):
    case = filings.filed()
    RequestLink.objects.all().delete()
    return actions.new_link(case, door=Door.FOLLOW, valid=valid, now=NOW)


def chore():
    return next(one for one in chores.every() if one.name == "expired personal links")


def test_a_link_that_expired_long_ago_is_forgotten_and_no_other(in_acme):
    token = link(DAY)
    over = NOW + DAY + KEPT_AFTER_EXPIRY
    assert chore().next_due() == over
    assert chore().run(over - timedelta(microseconds=1)) == 0
    assert queries.request_behind(token, Door.FOLLOW, now=NOW) is not None
    assert chore().run(over) == 1
    assert (chore().run(over), chore().next_due(), RequestLink.objects.count()) == (0, None, 0)


def test_whoever_makes_a_link_wakes_the_schema_to_forget_it(in_acme):
    link(YEAR)
    schema = current_schema()
    with schemas.on_platform():
        moments = [wake.due_at for wake in wakeups.of(schema)]
    assert NOW + YEAR + KEPT_AFTER_EXPIRY in moments
