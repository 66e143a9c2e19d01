"""Every form of both hosts, filled in with everything that people and programs put into forms.

Forms are found by walking the pages, so that a new one is tried at once. What no walk can reach fails below.
"""

import pytest
from django.db import connection, transaction

from tenants import schemas
from tenants.members import access
from tests.architecture import routes
from tests.hostile import corpora, forms, judge
from tests.isolation.scene import ours

# Bytes that are no text, and names that no form has.
RAW = {
    "bytes that are no UTF-8": b"%FF%C0%80=%FE&name=%ED%A0%80&reason=%C3%28",
    "a body that is no form": b'{"json": true',
    "thousands of fields": b"&".join(b"f%d=1" % number for number in range(1001)),
}


def test_the_walk_finds_forms_everywhere_and_nothing_broken(site):
    assert site.broken == []
    assert len(site.posts) > 100
    assert {form.visitor.host for form in site.forms} == {"localhost", "acme.localhost"}


# No page of ours has a form for these, or only one that is shown for a moment: each has hostile tests of its own.
ELSEWHERE = {
    "csp-reports": "browsers send it by themselves (tests/tenants/browser_reports)",
    "oidc-backchannel-logout": "a provider sends it (tests/tenants/members/oidc)",
    "saml-acs": "a provider's page sends it (tests/tenants/members/saml)",
    "passkey-challenge": "a script asks for it (tests/tenants/members/entrance)",
    "second-step": "shown between two steps of one browser (tests/tenants/members/entrance)",
}


def test_every_address_that_takes_a_form_was_reached(site):
    """Otherwise say in tests/hostile/stage.py which record it needs."""
    reached = {f"{'platform' if form.visitor.host == 'localhost' else 'tenant'}:{form.route}" for form in site.posts}
    wanted = {route.id for route in routes.every() if takes_forms(route.view) and not is_for_machines(route.view)}
    except_for = {f"{side}:{name}" for name in ELSEWHERE for side in ("platform", "tenant")}
    assert except_for <= wanted
    assert sorted(wanted - reached - except_for) == []


def test_sensible_values_are_answered_well_and_taken_by_nearly_every_form(site):
    """Otherwise what is tried below would end at the first check of a form, and prove little."""
    statuses, asked = [], [form for form in site.forms if form.method != "post"]
    found = [fault for form in site.posts for fault in judge.submit(form, form.filled(), statuses=statuses)]
    assert found + [fault for form in asked for fault in judge.submit(form, form.filled())] == []
    taken = [status for status in statuses if status in (200, 302, 303)]
    assert len(taken) / len(site.posts) > 0.8


def is_for_machines(view):
    """No page has a form for it."""
    return routes.permission_of(view) == access.MACHINE


def takes_forms(view):
    """Whether some layer of the view allows POST: django's decorators keep their list in a closure."""
    while view is not None:
        for cell in view.__closure__ or ():
            if isinstance(cell.cell_contents, list | tuple) and "POST" in cell.cell_contents:
                return True
        view = getattr(view, "__wrapped__", None)
    return False


@pytest.mark.parametrize("name", corpora.CORPORA)
@pytest.mark.req("ASVS-1.2.1")
def test_a_form_answers_with_a_clear_page(site, name):
    corpus = corpora.CORPORA[name]
    assert [fault for form in site.forms for fault in judge.submit(form, corpus(form))] == []


@pytest.mark.parametrize("name", RAW)
def test_a_body_that_no_browser_sends_is_answered(site, name):
    assert [fault for form in site.posts if not form.multipart for fault in judge.submit(form, [], raw=RAW[name])] == []


def test_ids_of_another_tenant_are_no_choice(site):
    corpus = corpora.elsewhere([str(site.stage.tenants["globex"].pk)])
    # Staff name a customer by its id: that is what those forms are for.
    tried = [form for form in site.forms if form.route not in CUSTOMERS]
    assert [fault for form in tried for fault in judge.submit(form, corpus(form))] == []


CUSTOMERS = {"entry-ask", "incident-tenants", "hand-over-subject-request", "file-subject-request"}


@pytest.mark.req("ASVS-3.5.1")
def test_a_form_from_elsewhere_is_refused(site):
    """Without the token of the page nothing is done (ASVS 3.5.1)."""
    found = []
    for form in site.posts:
        with transaction.atomic():
            response = form.sent(form.filled(), csrf=True)
            transaction.set_rollback(True)
        if response.status_code != 403 or b"<h1" not in response.content:
            found.append(f"{form}: {response.status_code}")
    assert found == []


# A second press means a second of these: a session, a token, a mail whose link ends the one before, a counted download.
REPEATED = {"entry-enter", "sign-in", "password-reset", "document-link-download", "person-invite-again", "token-new"}


def test_a_form_sent_twice_does_its_work_once(site):
    """The same rendered page, its button pressed twice."""
    found = []
    for form in site.posts:
        if form.route in REPEATED:
            continue
        with transaction.atomic():
            first, before = form.sent(form.filled()), rows(site)
            again, after = form.sent(form.filled()), rows(site)
            transaction.set_rollback(True)
        if first.status_code < 400:
            more = {name: count - before[name] for name, count in after.items() if count != before[name]}
            found += [f"{form}: a second time {again.status_code} and {more}"] * bool(more)
        found += [f"{form}: {again.status_code}"] * (again.status_code not in judge.FINE)
    assert found == []


def rows(site):
    """How many records of what are there, in the schemas of the walk; histories tell of each attempt."""
    counts = {}
    for key in ("platform", "acme"):
        with schemas.inside(site.stage.tenants[key]), connection.cursor() as cursor:
            tables = [(model._meta.label, model._meta.db_table) for model in ours()]
            cursor.execute(" UNION ALL ".join(f"SELECT '{label}', count(*) FROM {table}" for label, table in tables))
            counts |= {f"{key}:{label}": count for label, count in cursor.fetchall()}
    return counts


@pytest.mark.req("ASVS-1.2.1")
def test_markup_that_was_stored_is_shown_as_text_wherever_it_turns_up(site):
    """Every form is sent for good, then every page is read in every role."""
    for form in site.posts:
        if form.route not in ENDS_SESSIONS:
            any(stored(form, corpus) for corpus in (corpora.CORPORA["markup"], corpora.markup_beside_an_address))
    shown, found = set(), []
    roles = {(visitor.host, visitor.name): visitor for visitor in reversed(site.stage.visitors)}
    for visitor, page, document in forms.pages(site, roles.values()):
        found += [f"{visitor.name} {visitor.host}{page}: {fault}" for fault in judge.markup(document)]
        if corpora.MARK in (document.find("body").text_content() or ""):
            shown.add(forms.route_of(visitor.host, page))
    assert found == []
    assert shown >= WHERE_NAMES_STAND, sorted(shown)


def stored(form, corpus):
    """Whether the form took it; otherwise nothing of it stays."""
    with transaction.atomic():
        taken = form.sent(corpus(form)).status_code < 400
        transaction.set_rollback(not taken)
    return taken


WHERE_NAMES_STAND = {
    "people", "person", "subject-requests", "subject-request", "incidents", "incident", "breach-register",
    "record-history", "claims", "preview-content", "subprocessors-desk", "document-request", "tenants", "contacts",
}  # fmt: skip
ENDS_SESSIONS = {
    "sign-out", "sign-out-everywhere", "change-password", "password-reset-new", "person-deactivate", "person-roles",
    "tenant-close",
}  # fmt: skip
