"""A domain is the workspace's own as long as its DNS says so."""

from datetime import timedelta

import pytest
from dns import rcode as rcodes

from tenants import chores, schemas
from tenants.members.email_domains import actions, queries
from tenants.members.email_domains.catalogue import CHECKED_EVERY, DomainRefused, record_name, record_value
from tenants.members.email_domains.models import EmailDomain
from tenants.members.outbox.models import Email
from tests import cast
from tests.tenants.members.sso import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + CHECKED_EVERY


@pytest.fixture
def ann(in_acme):
    return cast.person("ann").actor


@pytest.fixture
def domain(ann) -> EmailDomain:
    return actions.add(domain="Acme.Example", actor=ann, now=NOW, reason="It is ours")


@pytest.fixture
def proved(domain, dns, ann) -> EmailDomain:
    dns.records[record_name("acme.example")] = ["v=spf1 -all", record_value(domain.token)]
    return actions.check(domain, actor=ann, now=NOW)


def test_a_named_domain_counts_only_once_its_record_is_found(domain, dns, ann):
    assert (domain.pk, queries.is_verified("acme.example")) == ("acme.example", False)
    missing = actions.check(domain, actor=ann, now=NOW)
    assert (missing.problem, missing.verified_at) == ("The DNS knows no record _complere-challenge.acme.example.", None)
    dns.records[record_name("acme.example")] = [f" {record_value(domain.token)} "]
    found = actions.check(missing, actor=ann, now=LATER)
    assert (found.problem, found.verified_at, found.checked_at) == ("", LATER, LATER)
    assert (queries.is_verified("ACME.example"), queries.is_verified("sub.acme.example")) == (True, False)


@pytest.mark.parametrize("change", [str.upper, lambda value: value[:-1], lambda value: f"{value}x", lambda value: ""])
def test_a_record_with_another_value_proves_nothing(domain, dns, ann, change):
    dns.records[record_name("acme.example")] = [change(record_value(domain.token))]
    checked = actions.check(domain, actor=ann, now=NOW)
    assert (checked.verified_at, "has another value" in checked.problem) == (None, True)


def test_every_domain_has_a_token_that_nobody_guesses(domain, ann):
    other = actions.add(domain="sister.example", actor=ann, now=NOW, reason="Ours, too")
    assert (other.token != domain.token, len(domain.token)) == (True, 32)


@pytest.mark.parametrize("typed", ["acme.example", "ACME.example.", "gmail.com", "localhost", "nonsense"])
def test_a_known_public_or_impossible_domain_is_refused(domain, ann, typed):
    with pytest.raises(DomainRefused):
        actions.add(domain=typed, actor=ann, now=NOW, reason="It is ours")
    assert EmailDomain.objects.count() == 1


def test_a_record_that_is_gone_ends_the_proof_and_tells_the_admins(proved, dns):
    assert (proved.verified_at, actions.check_due(LATER - timedelta(seconds=1))) == (NOW, 0)
    dns.records.clear()
    assert (actions.check_due(LATER), queries.is_verified("acme.example")) == (1, False)
    mail = Email.objects.filter(template="domain-unproved").get()
    assert (mail.to, mail.subject) == (cast.ACME["ann"].email, "acme.example is no longer proved at Acme Pharma")
    assert actions.check_due(LATER + CHECKED_EVERY) == 0


@pytest.mark.parametrize("rcode", [rcodes.SERVFAIL, rcodes.REFUSED])
def test_a_name_server_in_trouble_ends_no_proof(proved, dns, rcode):
    dns.rcode = rcode
    assert actions.check_due(LATER) == 1
    kept = EmailDomain.objects.get()
    assert (kept.verified_at, kept.checked_at, kept.problem) == (
        NOW,
        LATER,
        "The name servers of the domain answer with an error.",
    )
    assert not Email.objects.filter(template="domain-unproved").exists()


def test_a_look_up_that_changes_nothing_is_no_act_on_the_record(proved, dns):
    before = EmailDomain.history.count()
    assert (actions.check_due(LATER), EmailDomain.history.count()) == (1, before)
    assert EmailDomain.objects.get().checked_at == LATER


def test_the_schema_wakes_when_the_next_look_up_is_due(proved):
    assert queries.next_check() == LATER
    assert "e-mail domains" in {chore.name for chore in chores.every()}


def test_a_domain_of_acme_proves_nothing_at_globex(proved, globex):
    with schemas.inside(globex):
        assert (queries.is_verified("acme.example"), queries.next_check()) == (False, None)


def test_a_domain_taken_off_the_list_counts_no_more(proved, ann):
    actions.remove(proved, actor=ann, now=LATER, reason="Sold the brand")
    assert (queries.is_verified("acme.example"), EmailDomain.objects.count()) == (False, 0)
    assert EmailDomain.history.first().history_change_reason == "Sold the brand"
