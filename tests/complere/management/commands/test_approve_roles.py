"""Who can do what, as approved: the gate that CI holds the code against."""

import csv
import io

import pytest
from django.core.management import CommandError, call_command

from complere.management.commands import approve_roles
from tenants.members.roles import catalogue

pytestmark = pytest.mark.req("ASVS-8.2.1", "P11-10g")


def test_who_can_do_what_is_what_was_approved():
    call_command("approve_roles", "--check")


def test_a_difference_fails_and_says_how_to_approve_it(tmp_path, settings, monkeypatch):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    call_command("approve_roles")
    call_command("approve_roles", "--check")
    monkeypatch.setattr(catalogue.Member, "permissions", catalogue.Member.permissions | {"audit.export_trail"})
    with pytest.raises(CommandError, match=r"run `manage\.py approve_roles`") as failure:
        call_command("approve_roles", "--check")
    changed = [line for line in str(failure.value).splitlines() if line.startswith("+audit.export_trail")]
    assert len(changed) == 1


def test_the_matrix_says_of_every_role_exactly_what_it_carries():
    head, keys, *body = csv.reader(io.StringIO(approve_roles.matrix().removeprefix("\ufeff")))
    assert (head[0], keys[4:]) == ("permission", [*catalogue.ROLES])
    said = {key: {row[0] for row in body if row[4 + place] == "yes"} for place, key in enumerate(keys[4:])}
    assert said == {role.key: set(role.permissions) for role in catalogue.ROLES.values()}
    assert {row[0] for row in body} == set(catalogue.PERMISSIONS)
