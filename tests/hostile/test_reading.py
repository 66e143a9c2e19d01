"""Reading a page changes no record, and an address that a person types in leads to no script."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.hostile import forms

# What looking leaves behind on purpose: who looked, that a personal link was used, when a session was last used, what
# was begun with a provider.
TRACES = ("members_session", "members_ceremony", "ledger_note_access", "privacy_requestlinkuse")
# Addresses that people type in.
ADDRESSES = ("issuer",)
CHANGES = ("INSERT", "UPDATE", "DELETE")


class Watch:
    """Every statement that changed a row, with the page that was read."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(CHANGES) and not any(trace in sql for trace in TRACES):
            self.found.append(sql[:120])
        return execute(sql, params, many, context)


@pytest.mark.req("ASVS-3.5.3")
def test_no_page_that_is_read_changes_a_record(site):
    watch, read = Watch(), 0
    with connection.execute_wrapper(watch):
        for _ in forms.pages(site):
            read += 1
    assert watch.found == []
    assert read > 200


@pytest.mark.req("ASVS-3.5.3")
def test_a_page_that_writes_is_noticed(site):
    watch = Watch()
    form = next(form for form in site.posts if form.route == "profile")
    with connection.execute_wrapper(watch):
        form.sent(form.filled())
    assert any("members_user" in statement for statement in watch.found)


@pytest.mark.req("ASVS-1.2.2")
@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x"])
def test_an_address_that_is_a_script_is_refused_in_every_field_for_an_address(site, address):
    fields = [(form, one) for form in site.posts for one in form.fields if one.kind == "url" or one.name in ADDRESSES]
    taken = [
        f"{form} takes it as {field.name}"
        for form, field in fields
        if form.sent([*[pair for pair in form.filled() if pair[0] != field.name], (field.name, address)]).status_code
        not in (403, 409, 422, 429)
    ]
    assert taken == []
    assert fields
