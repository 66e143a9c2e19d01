"""The database itself: every table of every schema is captured, or exempt for a reason that somebody wrote down."""

import inspect

import pytest
from django.apps import apps
from django.db import connection

from audit.reconciliation import queries
from tenants import schemas
from tests import cast
from tests.architecture import sources

pytestmark = [pytest.mark.django_db, pytest.mark.req("AT-08")]

# Tables that no model of ours has.
OF_DJANGO = {
    "auth_group": "Roles are ours, in a catalogue: nobody uses Django's groups.",
    "auth_group_permissions": "Roles are ours, in a catalogue: nobody uses Django's groups.",
    "auth_permission": "Which permissions there could be; written by migrations only.",
    "django_content_type": "Names of models; written by migrations only.",
    "django_migrations": "Which migrations ran; the ledger has their changes of structure as events.",
}
TABLES = """
    SELECT c.relname, EXISTS (
        SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'zz_audit' AND t.tgenabled = 'A'
          AND t.tgfoid = to_regproc(format('audit_%%s.capture', current_schema())))
    FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
"""


def reason_of(model) -> str:
    return (inspect.getdoc(model) or "").partition("Exempt from history:")[2].strip()


@pytest.mark.parametrize("name", ["localhost", "acme"])
def test_every_table_is_captured_or_exempt_for_a_reason(name):
    with schemas.inside(cast.tenant(name)), connection.cursor() as cursor:
        cursor.execute(TABLES, [])
        captured = dict(cursor.fetchall())
    ours = {m._meta.db_table: m for m in apps.get_models() if m.__module__.split(".")[0] in sources.APPS}
    histories = {table for table, model in ours.items() if hasattr(model, "instance_type")}
    wanted = {table for table, model in ours.items() if hasattr(model, "history")}
    exempt = {table for table, model in ours.items() if reason_of(model)}
    assert len(captured) > 20
    assert {table for table, is_captured in captured.items() if is_captured} == wanted & captured.keys()
    assert captured.keys() - wanted - exempt - histories - OF_DJANGO.keys() == set()


def test_a_reason_is_a_sentence():
    ours = [model for model in apps.get_models() if model.__module__.split(".")[0] in sources.APPS]
    short = [m._meta.label for m in ours if reason_of(m) and len(reason_of(m)) < 20]
    assert (short, [table for table, reason in OF_DJANGO.items() if len(reason) < 20]) == ([], [])


def test_the_inventory_exempts_no_table_that_is_not_exempt_here():
    ours = {m._meta.db_table for m in apps.get_models() if reason_of(m)}
    assert queries.exempt_tables() - ours == OF_DJANGO.keys()
