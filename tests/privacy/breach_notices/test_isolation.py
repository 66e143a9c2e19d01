"""A notice to one tenant holds nothing of another, whatever the incident looks like (BRE-10)."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacy.breach_notices import actions, queries
from privacy.incidents import actions as incidents
from privacy.incidents import catalogue
from privacy.incidents import queries as incident_queries
from tenants import schemas
from tenants.members.outbox.models import Email
from tests import cast
from tests.privacy.breach_notices import stage
from tests.privacy.incidents.stage import AWARE, FINDINGS, SCALE, WHY, actor, affect, confirm, log

pytestmark = pytest.mark.usefixtures("db")

# Canaries that no template, law or timestamp holds by chance.
CANARIES = {"acme": ("Acme Pharma", 731_941, 846_203), "globex": ("Globex Biotech", 592_877, 964_079)}
SAFE = "The export could be opened."


def sentence(name: str) -> st.SearchStrategy[str]:
    """A text that is safe, or tells of one tenant in one of many spellings."""
    own, people, records = CANARIES[name]
    spellings = [own, own.upper(), f"({own})", f"{people}", f"{people:,}", f"about {records:,} rows", f"{records}"]
    return st.sampled_from([SAFE, *(f"{SAFE} {spelling}." for spelling in spellings)])


FIELDS = ("likely_consequences", "measures_taken", "measures_proposed", "recommended_actions", "description")
texts = st.fixed_dictionaries({field: st.one_of(sentence("acme"), sentence("globex")) for field in FIELDS})
particulars = st.fixed_dictionaries(
    {name: st.one_of(st.just(""), sentence("acme"), sentence("globex")) for name in CANARIES}
)


@pytest.mark.req("BRE-10")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts, particulars, st.sampled_from(["acme", "globex"]))
def test_no_notice_holds_a_canary_of_another_tenant(common, own, reader):
    with transaction.atomic():
        other = "globex" if reader == "acme" else "acme"
        notice = _try_to_send(common, own, reader)
        if notice is not None:
            told = _everything_the_reader_sees(cast.tenant(reader), notice.pk)
            assert [canary for canary in _spelt(other) if canary in told] == []
            assert f"{CANARIES[reader][1]}" in told.replace(",", "")
        transaction.set_rollback(True)


@pytest.mark.req("BRE-10")
def test_a_notice_of_safe_texts_goes_out_to_both_with_figures_of_their_own():
    common = dict.fromkeys(FIELDS, SAFE)
    for reader in CANARIES:
        with transaction.atomic():
            notice = _try_to_send(common, dict.fromkeys(CANARIES, ""), reader)
            assert notice is not None
            transaction.set_rollback(True)


def _try_to_send(common, own, reader):
    """The notice as the team would make it from the prefilled form; None when the guard refused it."""
    incident = log(**{**FINDINGS, **common, "subjects_number": 1_324_818, "title": "Acme Pharma and Globex Biotech"})
    for row in affect(incident, *CANARIES):
        key = "acme" if row.tenant_name == "Acme Pharma" else "globex"
        _, people, records = CANARIES[key]
        figures = {"subjects_number": people, "records_number": records, "records_unknown_because": ""}
        facts = {**SCALE, **figures, "particulars": own[key]}
        incidents.describe_tenant(row, facts=facts, actor=actor("sam"), now=AWARE, reason=WHY)
    confirm(incident)
    row = incident_queries.affected_rows().get(incident=incident, tenant_name=CANARIES[reader][0])
    told = {"content": catalogue.content(queries.prefilled(row)), "what_is_new": "", "next_update_hours": None}
    try:
        notice = actions.draft(row, told=told, actor=actor("sam"), now=AWARE)
    except actions.ContentRefused:
        return None
    stage.approve(notice)
    return actions.send(notice, actor=actor("sam"), now=AWARE + timedelta(hours=1), reason=WHY)


def _everything_the_reader_sees(tenant, pk) -> str:
    with schemas.inside(tenant):
        received = queries.received().get(pk=pk)
        case = incident_queries.incidents().get(pk=received.case_id)
        mails = [f"{mail.subject}\n{mail.body}" for mail in Email.objects.select_related("subject_key")]
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(i)::text FROM privacy_incident i")
            rows = [row[0] for row in cursor.fetchall()]
        contents = [json.dumps(part, ensure_ascii=False) for part in (received.parts, case.content)]
        return "\n".join([*contents, received.what_is_new, received.delay_reasons, *mails, *rows])


def _spelt(name: str) -> list[str]:
    own, people, records = CANARIES[name]
    return [own, own.upper(), str(people), f"{people:,}", str(records), f"{records:,}", "1324818", "1,324,818"]
