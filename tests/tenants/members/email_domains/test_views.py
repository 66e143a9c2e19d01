import pytest

from tenants import schemas
from tenants.members.email_domains.catalogue import record_name, record_value
from tenants.members.email_domains.models import EmailDomain
from tests import cast
from tests.tenants.members import sso

pytestmark = pytest.mark.django_db
LIST = "/access/domains/"


def test_an_admin_names_a_domain_and_proves_it(acme, dns, sign_in):
    ann = sign_in("ann")
    assert b"No domain is named yet" in ann.get(LIST).content
    assert ann.post(f"{LIST}add/", {"domain": "Acme.example"}).headers["Location"] == LIST
    with schemas.inside(acme):
        token = EmailDomain.objects.get().token
    shown = ann.get(LIST).content.decode()
    assert (record_name("acme.example") in shown, record_value(token) in shown) == (True, True)
    assert "The DNS knows no record" in ann.post(f"{LIST}acme.example/check/", follow=True).content.decode()
    dns.records[record_name("acme.example")] = [record_value(token)]
    assert "acme.example is proved." in ann.post(f"{LIST}acme.example/check/", follow=True).content.decode()
    assert ann.post(f"{LIST}acme.example/remove/", {"reason": "no"}).status_code == 422
    assert ann.post(f"{LIST}acme.example/remove/", {"reason": "Sold the brand"}).status_code == 302
    assert b"No domain is named yet" in ann.get(LIST).content


@pytest.mark.parametrize("typed", ["", "gmail.com", "a" * 400, "<script>", "acme.example\x00", "\ud7ffe.example"])
def test_what_is_no_domain_is_refused_beside_the_field(acme, sign_in, typed):
    answer = sign_in("ann").post(f"{LIST}add/", {"domain": typed})
    assert (answer.status_code, bool(answer.context["form"].errors["domain"])) == (422, True)


def test_looking_up_has_an_end(acme, dns, sign_in):
    with schemas.inside(acme):
        sso.proved("acme.example")
    ann = sign_in("ann")
    codes = [ann.post(f"{LIST}acme.example/check/").status_code for _ in range(31)]
    assert codes == [302] * 30 + [429]


def test_a_domain_of_globex_is_not_found_at_acme(acme, globex, sign_in):
    with schemas.inside(globex):
        sso.proved("globex.example")
    ann = sign_in("ann")
    assert "globex.example" not in ann.get(LIST).content.decode()
    assert ann.post(f"{LIST}globex.example/check/").status_code == 404
    assert ann.get(f"{LIST}globex.example/remove/").status_code == 404


@pytest.mark.parametrize("key", [key for key in cast.ACME if key != "ann"])
def test_only_who_manages_access_sees_them(acme, sign_in, key):
    browser = sign_in(key)
    assert [browser.get(LIST).status_code, browser.post(f"{LIST}add/", {}).status_code] == [403, 403]
