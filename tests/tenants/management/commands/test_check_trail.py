"""The comparison on the command line, in every schema."""

import io
import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from audit import context
from audit.reconciliation.models import Finding
from tenants import schemas
from tenants.members.roles.models import RoleGrant
from tests import cast

pytestmark = [pytest.mark.django_db, pytest.mark.req("AT-08")]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def run(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("check_trail", *words, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_every_schema_is_compared_and_agrees(platform, acme, globex):
    status, text = run()
    assert status == 0
    assert text.count("everything agrees.") == 3


def test_what_differs_is_named_kept_and_ends_with_status_1(acme):
    with schemas.inside(acme), context.regulated_write(actor=context.service("tests"), reason="Past the history"):
        RoleGrant.objects.filter(user=cast.person("cay")).update(granted_by="somebody else")
        grant = RoleGrant.objects.get(user=cast.person("cay")).pk
    status, text = run("--tenant", "Acme Pharma", "--json")
    told = json.loads(text)
    assert (status, told["tenant"]) == (1, "Acme Pharma")
    assert [(each["kind"], each["place"]) for each in told["findings"]] == [
        ("unread", f"members_rolegrant:{grant} version 2")
    ]
    with schemas.inside(acme):
        assert Finding.objects.get().place == f"members_rolegrant:{grant} version 2"
    assert run("--tenant", "Globex Biotech") == (0, run("--tenant", "Globex Biotech")[1])


def test_an_unknown_tenant_is_one_clear_line(platform):
    with pytest.raises(CommandError, match="nobody is called Nobody") as refused:
        run("--tenant", "Nobody")
    assert refused.value.returncode == 2
