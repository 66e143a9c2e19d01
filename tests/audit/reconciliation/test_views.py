"""The page of findings: for readers of the trail, in words, with an empty state."""

from datetime import UTC, datetime

import pytest

from audit.reconciliation import actions
from audit.reconciliation.catalogue import Difference, Kind
from tenants import schemas

pytestmark = [pytest.mark.django_db, pytest.mark.req("AT-08")]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "/trail/findings/"


def test_when_everything_agrees_the_page_says_so(acme, sign_in):
    page = sign_in("aud").get(URL)
    assert page.status_code == 200
    assert "Everything agrees" in page.content.decode()


def test_findings_are_listed_with_place_day_and_state_and_only_in_their_schema(acme, globex, sign_in):
    fault = Difference(Kind.CODE, "audit_x.stamp", "The function <b>stamp</b> is altered.")
    with schemas.inside(acme):
        actions.keep([fault], now=NOW)
    page = sign_in("aud").get(URL).content.decode()
    assert "Code of the ledger is not as it was delivered" in page
    assert "The function &lt;b&gt;stamp&lt;/b&gt; is altered." in page
    assert "Monday 2 March 2026" in page
    assert "1 open finding." in page
    assert "audit_x.stamp" not in sign_in("dov").get(URL).content.decode()
    with schemas.inside(acme):
        actions.keep([], now=NOW)
    after = sign_in("aud").get(URL).content.decode()
    assert "Resolved" in after
    assert "Everything agrees" in after


def test_who_may_not_read_the_trail_may_not_read_its_findings(acme, sign_in, stranger):
    assert sign_in("cay").get(URL).status_code == 403
    assert stranger("acme.localhost").get(URL).status_code == 302
