"""The public site: what it says, what it costs, and who may see drafts."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complere import pages
from privacy.deadlines import catalogue as legal
from tests.trust_center.public_pages.reader import owners, read
from trust_center.claims import queries as claims
from trust_center.claims.states import State
from trust_center.public_pages import queries
from trust_center.subprocessor_register import hashing
from trust_center.subprocessor_register import queries as register

pytestmark = pytest.mark.usefixtures("content")
Stranger = Callable[[str], Client]

HTML = ["/", "/compliance/", "/sub-processors/", "/business-day/", "/changes/", "/privacy/", "/disclosure-policy/"]
DOCUMENTS = ["/changes.atom", "/sitemap.xml", "/robots.txt", "/claims.json", "/subprocessors.json", "/security.txt"]


@pytest.fixture
def warm_store() -> Iterator[pages.Store]:
    """The store of this process as it is while the listener hears."""
    pages.store.drop()
    pages.store.trust(60)
    yield pages.store
    pages.store.distrust()


def test_the_page_has_every_heading_of_the_owners_page(stranger: Stranger) -> None:
    found = [text.strip() for _, text in read(stranger("localhost"), "/").headings]
    assert [heading for heading in owners("headings") if heading not in found] == []


def test_the_page_makes_every_commitment_of_the_owners_page(stranger: Stranger) -> None:
    text = read(stranger("localhost"), "/").text
    assert [words for words in (*owners("kickers"), *owners("commitments")) if words not in text] == []


@pytest.mark.req("CLM-01")
def test_every_claim_is_a_commitment_with_its_rule_and_none_is_called_verified(stranger: Stranger) -> None:
    page = read(stranger("localhost"), "/")
    shown = re.findall(r"Claim (C\d\d(?:-[a-z]+)?), version 1", page.text)
    expected = [f"C{n:02}" for n in range(1, 19)] + ["C15-channel", "C15-content"]
    assert sorted(shown) == sorted(expected)
    assert page.text.count("CommitmentHow this is kept") == len(expected)
    assert "Verified" not in page.text


def test_no_page_claims_a_certificate(stranger: Stranger) -> None:
    for path in HTML:
        text = read(stranger("localhost"), path).text.casefold()
        assert [w for w in ("is certified", "part 11 certified", "gxp certified", "immutable audit") if w in text] == []


def test_the_figures_are_those_that_the_clocks_run_on(stranger: Stranger) -> None:
    figures = {figure["label"]: figure["value"] for figure in queries.key_figures(timezone.now())}
    on = timezone.now().date()
    keys = ("breach.processor_promise_hours", "dsr.promise_days", "subprocessor.notice_days", "doc.business_days")
    assert list(figures.values()) == [legal.parameter(key, "EU", on).value for key in keys] == [72, 30, 30, 1]


def test_each_page_is_whole_has_one_h1_and_its_landmarks(stranger: Stranger) -> None:
    for path in [*HTML, "/sub-processors/subscribe/", "/sub-processors/subscribe/sent/"]:
        page = read(stranger("localhost"), path)
        assert page.faults == []
        assert page.open == []
        assert [tag for tag, _ in page.headings].count("h1") == 1
        assert [page.tags.count(tag) for tag in ("header", "main", "footer")][1:] == [1, 1]
        assert sorted(set(page.ids)) == sorted(page.ids), "an id stands twice"
        levels = [int(tag[1]) for tag, _ in page.headings]
        assert all(after - before <= 1 for before, after in pairwise(levels)), "a level is skipped"


def test_every_link_within_the_page_leads_to_something(stranger: Stranger) -> None:
    for path in HTML:
        page = read(stranger("localhost"), path)
        anchors = {href[1:] for href in page.hrefs if href.startswith("#") and len(href) > 1}
        assert anchors - set(page.ids) == set()


def test_a_warm_page_costs_no_query(stranger: Stranger, warm_store: pages.Store) -> None:
    for path in [*HTML, *DOCUMENTS, "/.well-known/security.txt"]:
        cold = stranger("localhost").get(path)
        with CaptureQueriesContext(connection) as asked:
            warm = stranger("localhost").get(path)
        assert (cold.status_code, warm.status_code, warm.content) == (200, 200, cold.content)
        assert len(asked) == 0
        assert dict(warm.headers) == dict(cold.headers)


def test_an_unchanged_page_answers_304(stranger: Stranger) -> None:
    for path in [*HTML, *DOCUMENTS]:
        first = stranger("localhost").get(path)
        by_tag = stranger("localhost").get(path, headers={"If-None-Match": first.headers["ETag"]})
        by_date = stranger("localhost").get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]})
        assert [(answer.status_code, answer.content) for answer in (by_tag, by_date)] == [(304, b"")] * 2


def test_a_person_who_is_signed_in_gets_the_same_bytes(
    stranger: Stranger, sign_in: Callable[[str], Client], warm_store: pages.Store
) -> None:
    assert sign_in("tess").get("/").content == stranger("localhost").get("/?x=1").content
    assert not stranger("localhost").get("/").cookies


def test_what_is_not_public_is_never_kept(sign_in: Callable[[str], Client], warm_store: pages.Store) -> None:
    tess = sign_in("tess")
    for path in ("/console/content/", "/console/content/preview/trust-center/", "/sub-processors/subscribe/"):
        assert tess.get(path).status_code == 200
        assert warm_store.get(path) is None


def test_a_kept_page_carries_the_security_headers(stranger: Stranger, warm_store: pages.Store) -> None:
    stranger("localhost").get("/")
    kept = stranger("localhost").get("/").headers
    assert "default-src 'none'" in kept["Content-Security-Policy"]
    assert [kept[name] for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")] == [
        "nosniff",
        "DENY",
        "same-origin",
    ]


def test_the_pages_stay_small(stranger: Stranger) -> None:
    sizes = {path: len(stranger("localhost").get(path, headers={"Accept-Encoding": "br"}).content) for path in HTML}
    assert {path: size for path, size in sizes.items() if size > 16_000} == {}


def test_a_page_takes_no_post(stranger: Stranger) -> None:
    for path in [*HTML, *DOCUMENTS]:
        assert stranger("localhost").post(path).status_code in (403, 405)


def test_the_public_site_is_not_on_a_tenants_host(stranger: Stranger) -> None:
    for path in ["/", "/compliance/", "/sub-processors/", "/claims.json"]:
        answer = stranger("acme.localhost").get(path)
        assert b"Trust and security documentation" not in answer.content
        assert b"sub_processors" not in answer.content


@pytest.mark.req("SUB-09")
def test_page_json_and_database_carry_one_digest(stranger: Stranger) -> None:
    document = json.loads(stranger("localhost").get("/subprocessors.json").content)
    edition = register.edition()
    assert edition is not None
    assert document["sha256"] == edition.digest == hashing.digest(document["sub_processors"])
    assert edition.digest == hashing.digest(register.public_rows())
    assert edition.digest in read(stranger("localhost"), "/sub-processors/").text
    stored = stranger("localhost").get(f"/sub-processors/editions/{edition.number}.json").content
    assert hashing.digest(json.loads(stored)) == edition.digest
    assert stranger("localhost").get("/sub-processors/editions/99.json").status_code == 404


@pytest.mark.req("SUB-07")
def test_vendors_are_not_public(stranger: Stranger) -> None:
    vendors = [row.vendor for row in register.current()]
    assert len(vendors) == 4
    for path in ("/", "/sub-processors/", "/subprocessors.json", "/changes/", "/changes.atom"):
        body = stranger("localhost").get(path).content.decode()
        assert [vendor for vendor in vendors if vendor in body] == []


def test_the_claims_are_there_for_machines(stranger: Stranger) -> None:
    document = json.loads(stranger("localhost").get("/claims.json").content)
    assert {row["state"] for row in document["claims"]} == {"commitment"}
    assert all(row["kept_by"] and row["text"] for row in document["claims"])
    assert len(document["claims"]) == 20


def test_the_feed_is_atom(stranger: Stranger) -> None:
    answer = stranger("localhost").get("/changes.atom")
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ET.fromstring(answer.content)
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert feed.tag == f"{atom}feed"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{atom}link")}
    assert links["self"] == "http://localhost:8000/changes.atom"
    entries = feed.findall(f"{atom}entry")
    assert len(entries) == 4
    ids = [entry.findtext(f"{atom}id") for entry in entries]
    assert len(set(ids)) == len(ids)
    updated = [datetime.fromisoformat(str(entry.findtext(f"{atom}updated"))) for entry in entries]
    assert updated == sorted(updated, reverse=True)
    assert feed.findtext(f"{atom}updated") == entries[0].findtext(f"{atom}updated")


def test_the_sitemap_lists_pages_that_answer(stranger: Stranger) -> None:
    urlset = ET.fromstring(stranger("localhost").get("/sitemap.xml").content)
    found = [str(loc.text) for loc in urlset.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert len(found) == 7
    paths = [url.removeprefix("http://localhost:8000") for url in found]
    assert [stranger("localhost").get(path).status_code for path in paths] == [200] * 7


FIELD = re.compile(r"(Contact|Expires|Preferred-Languages|Canonical|Policy): (\S.*)")


@pytest.mark.req("FMT-ST01")
@pytest.mark.parametrize("host", ["localhost", "acme.localhost"])
def test_security_txt_is_served_on_each_host(stranger: Stranger, host: str) -> None:
    for path in ["/.well-known/security.txt", "/security.txt"]:
        answer = stranger(host).get(path)
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        fields = [FIELD.fullmatch(line) for line in answer.content.decode().splitlines()]
        assert None not in fields
        names = [field.group(1) for field in fields if field]
        assert (names.count("Contact"), names.count("Expires"), names.count("Preferred-Languages")) == (1, 1, 1)


@pytest.mark.req("FMT-ST05")
@pytest.mark.req("FMT-ST08")
def test_security_txt_expires_within_364_days_and_names_its_own_host() -> None:
    text = queries.security_txt("https://acme.trust.example") or ""
    fields = dict(FIELD.fullmatch(line).groups() for line in text.splitlines())  # type: ignore[union-attr]
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=30) < expires - timezone.now() <= timedelta(days=364)
    assert fields["Canonical"] == "https://acme.trust.example/.well-known/security.txt"
    assert fields["Contact"] == "mailto:security@complere.example"


def test_the_business_day_page_defines_zone_cut_off_and_calendar(stranger: Stranger) -> None:
    text = read(stranger("localhost"), "/business-day/").text
    assert [
        w for w in ("Europe/Berlin", "cut-off 17:00, exclusive", "calendar DE", "Christmas Day") if w not in text
    ] == []


@pytest.mark.req("DOC-01")
def test_the_examples_of_the_business_day_are_counted_by_its_rule() -> None:
    # Monday 23 November 2026: the week after has no holiday in Germany.
    examples = queries.business_day(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))["examples"]
    assert [example["due_at"] for example in examples] == [
        datetime(2026, 12, 1, 16, 0, tzinfo=UTC),
        datetime(2026, 12, 2, 16, 0, tzinfo=UTC),
        datetime(2026, 12, 8, 16, 0, tzinfo=UTC),
    ]


@pytest.mark.parametrize("name", ["21 CFR Part 11", "EU GMP Annex 11", "ISO 13485", "GAMP 5", "ALCOA+"])
def test_the_compliance_page_goes_through_the_framework(stranger: Stranger, name: str) -> None:
    assert name in [text.strip() for _, text in read(stranger("localhost"), "/compliance/").headings]


def test_the_compliance_page_has_every_clause_and_says_whose_duty_it_is(stranger: Stranger) -> None:
    page = read(stranger("localhost"), "/compliance/")
    assert [code for code in owners("clauses") if code not in page.ids] == []
    assert page.text.count("Procedural: your duty") > 10
    assert "A draft, not law" in page.text
    assert "FDA and EMA do not certify software" in page.text


def test_a_draft_is_seen_in_the_preview_only(sign_in: Callable[[str], Client], stranger: Stranger) -> None:
    from trust_center.claims import actions

    public = claims.in_state("C04", State.PUBLISHED)
    assert public is not None
    tess = sign_in("tess")
    from audit import context

    actions.edit(
        "C04",
        wording={"text": "TLS 1.3 for all data in transit."},
        seen=claims.wording_digest([public]),
        actor=context.service("test"),
        now=timezone.now(),
        reason="Raise the floor",
    )
    previewed = tess.get("/console/content/preview/trust-center/")
    assert b"TLS 1.3 for all data" in previewed.content
    assert b"Preview with drafts" in previewed.content
    assert "no-store" in previewed.headers["Cache-Control"]
    assert b"TLS 1.3 for all data" not in stranger("localhost").get("/").content


@pytest.mark.parametrize("page", ["trust-center", "compliance"])
def test_who_may_preview(sign_in: Callable[[str], Client], stranger: Stranger, page: str) -> None:
    path = f"/console/content/preview/{page}/"
    assert sign_in("tess").get(path).status_code == 200
    assert sign_in("sup").get(path).status_code == 403
    assert stranger("localhost").get(path).status_code == 302
    assert sign_in("tess").get("/console/content/preview/secrets/").status_code == 404
