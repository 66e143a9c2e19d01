import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from audit import context
from tenants import schemas
from tenants.members.access_reviews.models import AccessReview
from tenants.members.accounts.models import User
from tenants.members.roles import actions as roles
from tests import cast, signing_desk

pytestmark = [pytest.mark.django_db, pytest.mark.req("P11-10d", "P11-300b")]
WHY = "Review of the first half"


def opened(browser) -> str:
    answer = browser.post("/people/reviews/open/", {"reason": WHY})
    assert answer.status_code == 302
    return answer["Location"]


def ids(*keys: str) -> list[str]:
    with schemas.inside(cast.tenant("acme")):
        return [str(cast.person(key).pk) for key in keys]


@pytest.mark.parametrize(("key", "status"), [("ann", 200), ("ben", 403), ("sid", 403), ("aud", 403), ("cay", 403)])
@pytest.mark.req("P11-10g")
def test_only_who_reviews_access_comes_in(acme, sign_in, key, status):
    review = opened(sign_in("ann"))
    browser = sign_in(key)
    for path in ("/people/reviews/", review, f"{review}sign-off/", f"{review}people/{ids('cay')[0]}/"):
        assert browser.get(path).status_code == status
    if status == 403:
        assert browser.post("/people/reviews/open/", {"reason": WHY}).status_code == 403


def test_a_review_is_worked_through_signed_off_and_taken_away(acme, sign_in):
    ann, now = sign_in("ann"), timezone.now()
    assert "No review yet" in ann.get("/people/reviews/").content.decode()
    review = opened(ann)
    page = ann.get(review).content.decode()
    for part in cast.ACME.values():
        assert part.name in page
    assert "You: another reviewer decides" in page
    assert ann.post(review, {"people": ids("ben", "sid", "aud")}).status_code == 302
    cay = ids("cay")[0]
    said = {"decision": "change", "roles": ["auditor"], "reason": "=Reads only"}
    assert ann.post(f"{review}people/{cay}/", said).status_code == 302
    assert ann.get(f"{review}review.csv").status_code == 409
    done = signing_desk.sign(ann, "ann", f"{review}sign-off/", at=now, note="All is well.", reason=WHY)
    assert (done.status_code, done["Location"]) == (302, review)
    page = ann.get(review).content.decode()
    for text in ("Signed off", "Responsibility: I answer for this decision", "All is well.", "Roles changed"):
        assert text in page
    file = ann.get(f"{review}review.csv").content.decode().removeprefix("\ufeff")
    rows = {row["name"].split(" <")[0]: row for row in csv.DictReader(io.StringIO(file))}
    assert set(rows) == {part.name for part in cast.ACME.values()}
    told = rows["Cay Member"]
    assert (told["roles or scopes"], told["then"], told["decision"]) == ("Member", "Auditor", "Roles changed")
    assert (told["reason"], told["decided by"]) == ("'=Reads only", "Ann Admin")
    assert (rows["Ann Admin"]["decision"][:17], told["signed off by"]) == (
        "Decided by nobody",
        "Ann Admin (Tenant admin)",
    )
    assert ann.post(review, {"people": ids("ben")}).status_code == 409
    assert ann.get(f"{review}sign-off/").status_code == 409
    assert (
        "5 people, 5 decided on" in ann.get(f"/history/members.accessreview/{review.split('/')[-2]}/").content.decode()
    )


def test_the_page_says_why_somebody_waits_again(acme, sign_in):
    ann, now = sign_in("ann"), timezone.now()
    with schemas.inside(acme):
        by = {"actor": cast.person("ann").actor, "now": now, "reason": WHY}
        role = roles.make(name="Reader", purpose="Reads", permissions=["audit.view_history"], **by)
        roles.change_roles(cast.person("cay"), roles=[role.key], **by)
    review = opened(ann)
    assert ann.post(review, {"people": ids("ben", "cay", "aud")}).status_code == 302
    sid = ids("sid")[0]
    assert ann.post(f"{review}people/{sid}/", {"decision": "deactivate", "reason": WHY}).status_code == 302
    with schemas.inside(acme):
        roles.change(role, name="Reader", purpose="Reads", permissions=["members.manage_people"], **by)
        roles.reactivate(cast.person("sid"), **by)
        roles.change_roles(cast.person("aud"), roles=["member"], **by)
    page = ann.get(review).content.decode()
    for text in (
        "What the role “Reader” allows changed since. Decide again.",
        "The account was opened again since. Decide again.",
        "The roles changed since. Decide again.",
    ):
        assert page.count(text) == 1
    ticks = [one for one in ids("ben", "sid", "cay", "aud") if f'value="{one}"' in page]
    assert ticks == []
    assert "The account was opened again since." in ann.get(f"{review}people/{sid}/").content.decode()


def test_nothing_is_signed_while_somebody_waits(acme, sign_in):
    ann = sign_in("ann")
    review = opened(ann)
    answer = signing_desk.sign(ann, "ann", f"{review}sign-off/", at=timezone.now(), reason=WHY)
    assert (answer.status_code, "4 people wait" in answer.content.decode()) == (422, True)


def test_a_review_that_changed_while_its_page_lay_open_is_read_again_first(acme, sign_in):
    ann, now = sign_in("ann"), timezone.now()
    review = opened(ann)
    ann.post(review, {"people": ids("ben", "sid", "aud", "cay")})
    page = ann.get(f"{review}sign-off/")
    ann.post(f"{review}people/{ids('cay')[0]}/", {"decision": "deactivate", "reason": "Left the company"})
    answer = ann.post(f"{review}sign-off/", signing_desk.answer(page, "ann", at=now, reason=WHY))
    assert (answer.status_code, "Read it again" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("path", "sent", "says"),
    [
        ("", {}, "at least one person"),
        ("", {"people": ["x"]}, "people listed"),
        ("", {"people": ["{ann}"]}, "nobody decides on themselves"),
        ("people/{cay}/", {"reason": WHY}, "Choose what to do"),
        ("people/{cay}/", {"decision": "nobody", "reason": WHY}, "Choose from the list"),
        ("people/{cay}/", {"decision": "change", "reason": WHY}, "at least one role"),
        ("people/{cay}/", {"decision": "change", "roles": ["member"], "reason": WHY}, "roles the person has"),
        ("people/{cay}/", {"decision": "change", "roles": ["legal"], "reason": WHY}, "roles listed"),
        ("people/{cay}/", {"decision": "keep", "reason": ""}, "Say why"),
        ("people/{ann}/", {"decision": "keep", "reason": WHY}, "own access"),
        ("sign-off/", {"reason": WHY}, "Read it again"),
    ],
)
def test_a_bad_answer_is_refused_beside_the_field(acme, sign_in, path, sent, says):
    browser = sign_in("ann")
    review = opened(browser)
    known = dict(zip(("ann", "cay"), ids("ann", "cay"), strict=True))
    sent = {name: [one.format(**known) for one in value] if name == "people" else value for name, value in sent.items()}
    answer = browser.post(review + path.format(**known), sent)
    assert (answer.status_code, says in answer.content.decode()) == (422, True)
    with schemas.inside(acme):
        assert not any(row["decision"] for row in AccessReview.objects.get().rows)
        assert cast.person("cay").role_keys == ["member"]


@pytest.mark.req("ASVS-15.3.3")
def test_what_the_form_does_not_ask_for_is_not_taken(acme, sign_in):
    browser = sign_in("ann")
    review = opened(browser)
    extra = {"state": "signed_off", "rows": "[]", "decided_by": "nobody", "holds": "tenant_admin", "is_active": ""}
    browser.post(f"{review}people/{ids('cay')[0]}/", {"decision": "keep", "reason": WHY, "roles": ["member"], **extra})
    with schemas.inside(acme):
        kept = AccessReview.objects.get()
        assert (kept.state, len(kept.rows), cast.person("cay").is_active) == ("open", len(cast.ACME), True)
        assert {row["decided_by"] for row in kept.rows} == {"", *ids("ann")}


def test_a_second_review_is_not_opened_beside_an_open_one(acme, sign_in):
    browser = sign_in("ann")
    opened(browser)
    assert browser.post("/people/reviews/open/", {"reason": WHY}).status_code == 409


@pytest.mark.req("ASVS-8.2.2", "ASVS-8.4.1")
def test_a_review_of_another_tenant_is_not_found(acme, globex, sign_in):
    review = opened(sign_in("ann"))
    dov = sign_in("dov")
    for path in (review, f"{review}sign-off/", f"{review}review.csv", f"{review}people/{ids('cay')[0]}/"):
        assert dov.get(path).status_code == 404


def test_to_decide_on_a_person_one_proves_again_who_one_is(acme, sign_in):
    review = opened(sign_in("ann"))
    with schemas.inside(acme):
        browser = cast.browser(cast.person("ann"), acme, proved_at=timezone.now() - timedelta(hours=1))
    answer = browser.get(f"{review}people/{ids('cay')[0]}/")
    assert (answer.status_code, "prove" in answer["Location"]) == (302, True)


def test_the_page_costs_the_same_queries_for_few_people_and_for_many(acme, sign_in, django_assert_max_num_queries):
    browser = sign_in("ann")
    with schemas.inside(acme):
        for number in range(20):
            part = cast.Part(f"Extra {number}", f"extra{number}@acme.example", "member")
            cast._hire({"extra": part})
        with context.regulated_write(actor=cast.DIRECTOR, reason="All came in"):
            User.objects.update(last_sign_in_at=timezone.now())
    review = opened(browser)
    with django_assert_max_num_queries(14):
        assert browser.get(review).status_code == 200
