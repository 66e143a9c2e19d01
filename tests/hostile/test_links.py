"""Links that were mailed: unknown, changed, too old, used before. Each answers a page that says so."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core import signing
from django.db import transaction
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone
from lxml import html

from tests.architecture import routes
from tests.hostile import forms
from tests.hostile.stage import Visitor

LATER = timedelta(days=400)
BY_LINK = [route for route in routes.every() if "token" in route.converters]
HOSTS = {"platform": "localhost", "tenant": "acme.localhost"}
STRANGE = [
    "x",
    "A" * 43,
    "A" * 2000,
    "Zoë👩🏽‍🔬",
    "' OR 1=1 --",
    "%00",
    "\u202e",
    "..",
    "<script>alert(1)</script>",
    "a:b:c",
]
REFUSED = {400, 403, 404, 410}
# Whoever has the mail may leave the list, however old the mail is (GDPR Art. 7(3)).
FOR_GOOD = {"unsubscribe"}


def mailed(site):
    """Every link with a token, as mailed: a stranger's browser and a path."""
    for host, path in site.stage.mailed:
        name = forms.route_of(host, path)
        if name and "token" in resolve(path, urlconf=routes.HOSTS[forms.side(host)]).kwargs:
            yield Visitor("stranger", host), name, path


def told(response):
    """What the page says to its reader."""
    return html.fromstring(response.content).findtext(".//h1") or ""


@pytest.mark.parametrize("route", BY_LINK, ids=lambda route: route.id)
def test_a_link_that_was_never_sent_is_refused_with_a_page(site, route):
    visitor, found = Visitor("stranger", HOSTS[route.host]), []
    for token in STRANGE:
        others = {name: "00000000-0000-4000-8000-000000000000" for name in route.converters if name != "token"}
        try:
            path = reverse(route.name, urlconf=routes.HOSTS[route.host], kwargs={**others, "token": token})
        except NoReverseMatch:
            continue
        for verb in ("get", "post"):
            response = getattr(visitor.browser(), verb)(path)
            refused = response.status_code in REFUSED and told(response)
            if not refused and response.status_code != 405:
                found.append(f"{verb} {quote(token)}: {response.status_code}")
    assert found == []


def test_every_kind_of_link_was_mailed(site):
    names = {f"{forms.side(visitor.host)}:{name}" for visitor, name, _ in mailed(site)}
    # These are reached from the page to which the mailed link leads.
    further = {"document-request-answer", "document-request-withdraw", "document-link-download", "data-request-file"}
    wanted = {route.id for route in BY_LINK if route.name not in further}
    assert sorted(wanted - names) == []


def test_a_link_with_one_letter_changed_opens_nothing(site):
    found = []
    for visitor, name, path in mailed(site):
        token = resolve(path, urlconf=routes.HOSTS[forms.side(visitor.host)]).kwargs["token"]
        middle = len(token) // 2
        changed = token[:middle] + ("a" if token[middle] != "a" else "b") + token[middle + 1 :]
        response = visitor.browser().get(path.replace(token, changed))
        if response.status_code not in REFUSED or not told(response):
            found.append(f"{name}: {response.status_code}")
    assert found == []


def test_a_link_of_one_host_opens_nothing_on_another(site):
    found = []
    for visitor, name, path in mailed(site):
        other = "globex.localhost" if visitor.host == "acme.localhost" else "acme.localhost"
        away = path.removeprefix("/console") if visitor.host == "localhost" else path
        response = Visitor("stranger", other).browser().get(away)
        if response.status_code not in REFUSED or not told(response):
            found.append(f"{name}: {response.status_code}")
    assert found == []


def test_a_link_that_is_too_old_is_refused_with_a_page(site, monkeypatch):
    later = timezone.now() + LATER
    monkeypatch.setattr(timezone, "now", lambda: later)
    monkeypatch.setattr(signing.time, "time", later.timestamp)
    found = []
    for visitor, name, path in mailed(site):
        response = visitor.browser().get(path)
        if name not in FOR_GOOD and (response.status_code not in REFUSED or not told(response)):
            found.append(f"{name}: {response.status_code}")
    assert found == []


def test_a_link_that_was_used_says_so_or_leads_to_what_it_did(site):
    found = []
    for form in site.posts:
        if "token" not in resolve(form.action, urlconf=routes.HOSTS[forms.side(form.visitor.host)]).kwargs:
            continue
        with transaction.atomic():
            used = form.sent(form.filled())
            seen, again = form.visitor.browser().get(form.page), form.sent(form.filled())
            transaction.set_rollback(True)
        assert used.status_code < 400, form
        for answer in (seen, again):
            fine = answer.status_code in {*REFUSED, 409} and told(answer)
            leads_on = answer.status_code in (200, 302)
            found += [f"{form}: {answer.status_code}"] * (not (fine or leads_on))
    assert found == []


@pytest.mark.parametrize("name", ["invitation", "password-reset-new", "contact-confirm"])
def test_a_link_that_works_once_is_gone_afterwards(site, name):
    tried = [form for form in site.posts if form.route == name]
    assert {form.visitor.host for form in tried} == {"localhost", "acme.localhost"}
    for form in tried:
        with transaction.atomic():
            form.sent(form.filled())
            seen, again = form.visitor.browser().get(form.page), form.sent(form.filled())
            transaction.set_rollback(True)
        assert {seen.status_code, again.status_code} <= {404, 410}
        assert told(seen).startswith("This link")
