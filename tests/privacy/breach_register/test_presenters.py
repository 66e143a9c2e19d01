"""The register tells every incident whole, and its CSV runs nothing."""

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.breach_register import presenters, queries
from privacy.incidents import actions as incidents
from tenants import schemas
from tests.privacy.breach_notices import stage as notices
from tests.privacy.incidents import stage
from tests.privacy.incidents.stage import AWARE, WHY, actor, breach

BERLIN = ZoneInfo("Europe/Berlin")


def entries() -> list[dict[str, str]]:
    found = queries.in_batches(queries.register())
    return [presenters.entry(one, **more, zone=BERLIN) for one, more in found]


@pytest.mark.req("BRE-11")
def test_every_incident_is_in_the_register_also_those_that_were_no_breach(db):
    stage.log(title="Logged")
    incidents.dismiss(stage.log(title="No breach"), actor=actor("sam"), now=AWARE, reason=WHY)
    stage.confirm(stage.log(title="Breach"))
    assert [one["Title"] for one in entries()] == ["Breach", "No breach", "Logged"]


@pytest.mark.req("BRE-11")
def test_an_entry_holds_facts_effects_remedy_decision_clocks_and_notices(acme):
    _, (row,) = breach("acme")
    notices.send(row, now=AWARE + timedelta(hours=6))
    (one,) = entries()
    assert one["Facts"].startswith("Confidentiality")
    assert one["Effects"] == "Participants may be contacted by strangers"
    assert one["Remedial action taken"] == "The link was closed"
    assert one["Aware"] == "2026-05-01T10:00:00Z (Fri 01 May 2026 12:00 CEST, Europe/Berlin)"
    assert one["Decided by"] == "Sam Security"
    assert one["Affected tenants"] == "Acme Pharma: about 120"
    assert "promise" in one["Clocks"]
    assert "outer limit 2026-05-04T11:00:00Z" in one["Clocks"]
    assert "done in time at 2026-05-01T16:00:00Z" in one["Clocks"]
    assert one["Notices"].startswith("Version 1 to Acme Pharma, sent 2026-05-01T16:00:00Z")


@pytest.mark.req("BRE-11")
def test_the_tenants_register_holds_the_notice_it_received(acme):
    _, (row,) = breach("acme")
    notice = notices.send(row, now=AWARE + timedelta(hours=6))
    with schemas.inside(acme):
        (one,) = entries()
    assert one["Aware"].startswith("2026-05-01T16:00:00Z")
    assert one["Notices"].startswith(f"{notice.affected.incident.reference} version 1 received 2026-05-01T16:00:00Z")
    assert one["Affected tenants"] == ""


@pytest.mark.req("BRE-11")
def test_the_number_of_queries_does_not_grow_with_the_register(db, django_assert_num_queries):
    for number in range(3):
        stage.log(title=f"Incident {number}")
    with django_assert_num_queries(7):
        entries()
    for number in range(5):
        breach("acme", "globex", title=f"Breach {number}")
    with django_assert_num_queries(7):
        assert len(entries()) == 8


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "  =", "＝"])
def test_a_formula_becomes_text(start):
    assert presenters.inert(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=40),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_exported_can_be_read_back(texts):
    columns = {f"Column {number}": text for number, text in enumerate(texts)}
    written = "".join(presenters.csv_lines([columns, columns]))
    read = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    shown = [presenters.inert(text) for text in texts]
    assert read == [[*columns], shown, shown]
    assert not any(cell.lstrip(" ").startswith(presenters.FORMULA_STARTS) for cell in read[1])


def test_an_empty_register_has_no_rows():
    assert "".join(presenters.csv_lines([])) == "\ufeff"
