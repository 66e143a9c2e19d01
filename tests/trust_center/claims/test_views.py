from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from audit.signatures import queries as signatures
from audit.signatures.catalogue import WORDS, Meaning
from tests import signing_desk
from trust_center.claims import queries
from trust_center.claims.models import SecurityContact, Statement
from trust_center.claims.states import State

pytestmark = pytest.mark.usefixtures("content")
SignIn = Callable[[str], Client]
ENTRY = "/console/content/entries/C04/"


def in_state(code: str, state: State) -> Statement:
    found = queries.in_state(code, state)
    assert found is not None
    return found


def form(code: str = "C04", **changes: str) -> dict[str, str]:
    row = queries.in_state(code, State.DRAFT) or queries.in_state(code, State.PUBLISHED)
    assert row is not None
    names = ("heading", "kicker", "text", "kept_by", "part")
    values = {name: str(getattr(row, name)) for name in names} | {"position": str(row.position)}
    return {
        **values,
        "rules": "\r\n".join(row.rules),
        "seen": queries.wording_digest([row]),
        "reason": "Legal asked for it",
        **changes,
    }


@pytest.mark.req("P11-50a", "P11-50b", "P11-200a1")
def test_the_editor_writes_and_a_second_person_signs_and_publishes(sign_in: SignIn) -> None:
    tess, leo = sign_in("tess"), sign_in("leo")
    saved = tess.post(f"{ENTRY}edit/", form(text="TLS 1.3 for all data in transit."), follow=True)
    assert b"The draft is saved" in saved.content
    assert b"TLS 1.3" not in tess.get("/").content
    done = signing_desk.sign(leo, "leo", f"{ENTRY}publish/", at=timezone.now(), reason="Read and right")
    assert done.url == ENTRY
    assert b"TLS 1.3 for all data" in tess.get("/").content
    page = tess.get(ENTRY).content.decode()
    signature = signatures.of_record(in_state("C04", State.PUBLISHED)).get()
    for words in ("Leo Legal, Legal", WORDS[Meaning.APPROVAL], signature.intent_digest[:16], "CET"):
        assert words in page, words


def test_who_wrote_it_is_told_that_another_person_signs(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    tess.post(f"{ENTRY}edit/", form(text="One."))
    page = tess.get(f"{ENTRY}publish/")
    assert (b"another person signs it" in page.content, b"Your password" in page.content) == (True, False)
    refused = signing_desk.sign(tess, "tess", f"{ENTRY}publish/", at=timezone.now(), reason="Read and right")
    assert (refused.status_code, in_state("C04", State.PUBLISHED).version) == (422, 1)


def test_all_drafts_are_published_together(sign_in: SignIn) -> None:
    tess, leo = sign_in("tess"), sign_in("leo")
    tess.post(f"{ENTRY}edit/", form(text="One."))
    tess.post("/console/content/entries/C09/edit/", form("C09", text="Two."))
    done = signing_desk.sign(leo, "leo", "/console/content/publish/", at=timezone.now(), reason="Read and right")
    assert (done.status_code, queries.drafts()) == (302, [])
    found = [signatures.of_record(in_state(code, State.PUBLISHED)).get() for code in ("C04", "C09")]
    assert len({row.act_id for row in found}) == 1


def test_a_draft_that_came_after_the_page_was_read_is_not_signed_with_it(sign_in: SignIn) -> None:
    tess, leo = sign_in("tess"), sign_in("leo")
    tess.post(f"{ENTRY}edit/", form(text="One."))
    page = leo.get("/console/content/publish/")
    tess.post("/console/content/entries/C09/edit/", form("C09", text="Two."))
    sent = signing_desk.answer(page, "leo", at=timezone.now(), reason="Read and right")
    refused = leo.post("/console/content/publish/", sent)
    assert (refused.status_code, b"Read it again, then sign" in refused.content) == (422, True)
    assert len(queries.drafts()) == 2


def test_publishing_when_there_is_no_draft_says_so(sign_in: SignIn) -> None:
    answer = sign_in("tess").get("/console/content/publish/", follow=True)
    assert b"There is no draft to publish" in answer.content


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": ""}, "Enter the text."),
        ({"kept_by": " "}, "Say how the claim is kept."),
        ({"reason": ""}, "Give a reason."),
        ({"reason": "n/a"}, "Give a reason of at least 4 characters"),
        ({"heading": "x" * 201}, "at most 200 characters"),
        ({"position": "first"}, "Enter a whole number."),
        ({"part": "21-cfr-part-11"}, "Select a valid choice"),
        ({"text": "nul\x00"}, "Null characters are not allowed."),
        ({}, "Nothing was changed."),
        ({"text": "New.", "seen": "0" * 64}, "Somebody else changed this statement"),
    ],
)
def test_a_bad_edit_answers_422_and_loses_nothing(sign_in: SignIn, changes: dict[str, str], words: str) -> None:
    sent = form(kicker="Typed by hand", **changes) if changes else form()
    answer = sign_in("tess").post(f"{ENTRY}edit/", sent)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not changes or b"Typed by hand" in answer.content
    assert queries.in_state("C04", State.DRAFT) is None


def test_hostile_text_is_shown_as_text(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    tess.post(f"{ENTRY}edit/", form(text="<script>alert(1)</script> '; DROP TABLE x; -- 🔥"))
    page = tess.get(ENTRY).content
    assert b"&lt;script&gt;alert(1)" in page
    assert b"<script>alert(1)" not in page


def test_a_draft_is_discarded_and_a_claim_retired(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    tess.post(f"{ENTRY}edit/", form(text="One."))
    assert tess.post(f"{ENTRY}discard/", {"reason": "Not needed"}).status_code == 302
    assert tess.post(f"{ENTRY}discard/", {"reason": "Not needed"}).status_code == 404
    assert tess.post(f"{ENTRY}retire/", {"reason": "Not kept any more"}).status_code == 302
    assert b'id="C04"' not in tess.get("/").content


PATHS = [
    ("", "view"),
    ("entries/C04/", "view"),
    ("entries/C04/edit/", "edit"),
    ("entries/C04/discard/", "edit"),
    ("entries/C04/publish/", "publish"),
    ("entries/C04/retire/", "publish"),
    ("publish/", "publish"),
    ("security-txt/", "publish"),
]


def test_who_may_do_what(sign_in: SignIn, stranger: Callable[[str], Client]) -> None:
    tess = sign_in("tess")
    tess.post(f"{ENTRY}edit/", form(text="One."))
    roles = {
        "tess": {"view", "edit", "publish"},
        "leo": {"view", "publish"},
        "stan": {"view"},
        "sup": set(),
        "sam": set(),
    }
    for person, rights in roles.items():
        client = sign_in(person)
        answers = {path: client.get(f"/console/content/{path}").status_code for path, _ in PATHS}
        assert answers == {path: 200 if right in rights else 403 for path, right in PATHS}, person
    assert {stranger("localhost").get(f"/console/content/{path}").status_code for path, _ in PATHS} == {302}
    assert {sign_in("ann").get(f"/console/content/{path}").status_code for path, _ in PATHS} == {404}


def test_a_statement_that_is_not_there_answers_404(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    for code in ("C98", "%00", "💣", "x" * 300):
        for act in ("", "edit/", "publish/", "discard/", "retire/"):
            assert tess.get(f"/console/content/entries/{code}/{act}").status_code in (400, 404)


def test_the_list_filters_by_part(sign_in: SignIn) -> None:
    tess = sign_in("tess")
    assert len(tess.get("/console/content/?part=contact").context["rows"]) == 1
    assert len(tess.get("/console/content/?part=' OR 1=1").context["rows"]) == 147


@pytest.mark.parametrize(
    ("contacts", "languages", "words"),
    [
        ("security@complere.example", "en", "is not of the form mailto:"),
        ("http://complere.example/report", "en", "is not of the form mailto:"),
        ("mailto:a@b.example\nContact: x", "en", "is not of the form mailto:"),
        ("", "en", "Enter at least one contact."),
        ("mailto:a@b.example", "english and german", "Enter language tags"),
    ],
)
@pytest.mark.req("FMT-ST04")
def test_a_security_contact_that_parsers_refuse_is_refused(
    sign_in: SignIn, contacts: str, languages: str, words: str
) -> None:
    sent = {"contacts": contacts, "languages": languages, "reason": "Reviewed it"}
    answer = sign_in("tess").post("/console/content/security-txt/", sent)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)


def test_a_reviewed_security_contact_is_published(sign_in: SignIn, stranger: Callable[[str], Client]) -> None:
    sent = {"contacts": "mailto:a@b.example\r\nhttps://b.example/report", "languages": "en", "reason": "Reviewed it"}
    assert sign_in("tess").post("/console/content/security-txt/", sent).status_code == 302
    assert SecurityContact.objects.get().contacts == ["mailto:a@b.example", "https://b.example/report"]
    text = stranger("acme.localhost").get("/.well-known/security.txt").content.decode()
    assert text.startswith("Contact: mailto:a@b.example\nContact: https://b.example/report\nExpires: ")
