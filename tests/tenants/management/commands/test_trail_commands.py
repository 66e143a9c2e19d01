"""verify_trail, rotate_log_keys, publish_heads, adopt_heads."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.log_keys import queries as keys
from tenants import schemas
from tenants.books import queries
from tests import cast
from tests.audit.sequencer import rows


def run(*words):
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


@pytest.fixture
def published(db):
    run("publish_heads")


@pytest.mark.req("AT-11")
def test_every_book_is_checked_and_found_whole(published):
    lines = run("verify_trail").splitlines()
    assert [line.split(" (")[0] for line in lines] == ["Complere", "Acme Pharma", "Globex Biotech"]
    assert all("): whole. " in line and " events a second" in line for line in lines)


def test_one_tenant_is_found_by_name_host_or_schema_and_told_to_machines(published):
    acme = cast.tenant("acme")
    for name in (acme.name, acme.host, acme.schema_name):
        told = json.loads(run("verify_trail", "--tenant", name, "--json"))
        assert (told["tenant"], told["schema"], told["sound"], told["findings"]) == (
            acme.name, acme.schema_name, True, [])  # fmt: skip
        assert told["size"] > 20


@pytest.mark.req("AT-11")
def test_a_damaged_book_is_named_and_ends_with_status_1(committed_db):
    run("publish_heads")
    acme = cast.tenant("acme")
    rows.as_superuser(committed_db, acme.schema_name, "UPDATE ledger_leaf SET reason = 'Another reason' WHERE idx = 3")
    said = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("verify_trail", "--tenant", "Acme Pharma", stdout=said)
    first, finding = said.getvalue().splitlines()
    assert ": 1 findings." in first
    assert finding.strip().startswith("Altered event: ")
    assert finding.endswith("columns of entry 3 say otherwise: reason")


def test_nobody_of_that_name_is_a_clear_refusal(published):
    for command in ("verify_trail", "rotate_log_keys"):
        with pytest.raises(CommandError, match="nobody is called Initech") as refused:
            run(command, "--tenant", "Initech")
        assert refused.value.returncode == 2


@pytest.mark.req("AT-13")
def test_keys_of_one_tenant_are_rotated(published):
    said = run("rotate_log_keys", "--tenant", "Acme Pharma", "--reason", "The yearly change of keys")
    with schemas.inside(cast.tenant("acme")):
        assert said.splitlines() == ["Acme Pharma: 1 new", f"  {keys.signing_key().vkey}"]
        assert keys.signing_key().version == 2


def test_a_process_without_the_key_of_the_logs_rotates_none(published, settings):
    settings.COMPLERE_LOG_KEY = ""
    with pytest.raises(CommandError, match="was not given COMPLERE_LOG_KEY"):
        run("rotate_log_keys")


def test_heads_are_published_once(published):
    assert "heads collected: 0" not in run("publish_heads"), "the key of the log of logs was an event"
    assert run("publish_heads").endswith("heads collected: 0\n")


def test_a_log_that_was_not_restored_goes_on(published, tmp_path):
    kept = tmp_path / "heads.json"
    kept.write_text(queries.heads_json())
    assert run("adopt_heads", str(kept)).startswith("logs that begin anew: 0;")


@pytest.mark.parametrize("content", ["", "[]", '{"logs": [{}], "over_all": null}', "{}"])
def test_a_file_that_holds_no_heads_is_refused(published, tmp_path, content):
    (tmp_path / "heads.json").write_text(content)
    with pytest.raises(CommandError) as refused:
        run("adopt_heads", str(tmp_path / "heads.json"))
    assert refused.value.returncode == 2
