"""The check before a process starts: is capture switched on?"""

import pytest
from django.core.checks import run_checks

from complere import checks
from tests import cast
from tests.audit.sequencer.rows import as_superuser


@pytest.mark.req("AT-08")
def test_capture_that_is_switched_off_is_an_error_before_a_process_starts(committed_db):
    assert checks.capture(None, databases=["default"]) == []
    schema = cast.tenant("acme").schema_name
    as_superuser(committed_db, schema, "ALTER EVENT TRIGGER ledger_ddl DISABLE")
    as_superuser(committed_db, schema, f"ALTER TABLE {schema}.members_user DISABLE TRIGGER zz_audit")
    (fault,) = checks.capture(None, databases=["default"])
    assert (fault.id, fault.msg) == ("complere.E020", f"Capture is switched off: zz_audit on {schema}.members_user.")


def test_without_a_database_nothing_is_asked():
    assert checks.capture(None) == []
    assert "complere.E020" not in {fault.id for fault in run_checks()}
