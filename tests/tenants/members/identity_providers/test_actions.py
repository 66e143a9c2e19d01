"""Setting up a provider: what is kept, what must be tested again, and who may let it give which role."""

import pytest

from audit.transitions import MoveRefused
from tenants import schemas
from tenants.members.identity_providers import actions, queries
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.catalogue import Mapping, Oidc, Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.members.roles import actions as roles
from tests import cast
from tests.tenants.members import sso
from tests.tenants.members.sso import ISSUER, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(in_acme):
    sso.enterprise(in_acme)
    return {"actor": cast.person("ann").actor, "now": NOW, "reason": "Set up in the test"}


def test_a_new_provider_lets_nobody_in(said):
    made = actions.create(kind="oidc", name=" Acme account ", **said)
    assert (made.name, made.state, queries.offered(), queries.is_set_up(made)) == (
        "Acme account",
        State.DRAFT,
        [],
        False,
    )


def test_two_providers_never_have_one_name_or_one_issuer(said):
    first = sso.provider()
    with pytest.raises(actions.SettingsRefused) as refused:
        actions.create(kind="saml", name="ACME account", **said)
    assert refused.value.field == "name"
    second = actions.create(kind="oidc", name="Second", **said)
    with pytest.raises(actions.SettingsRefused) as refused:
        actions.confirm_discovery(second, issuer=first.issuer, found=Oidc(), **said)
    assert refused.value.field == "issuer"


def test_a_saml_provider_begins_with_a_pair_of_keys_of_its_own(said):
    made = actions.create(kind=Kind.SAML, name="Campus", **said)
    (ours,) = queries.saml(made).own_certificates
    assert certificates.read(ours).subject == "CN=Acme Pharma"
    assert queries.secret_of(made).startswith(b"-----BEGIN PRIVATE KEY-----")
    assert b"PRIVATE KEY" not in bytes(IdentityProvider.objects.get().secret)


def test_a_client_secret_is_kept_sealed_and_stays_until_another_is_given(said):
    idp = sso.provider()
    choice = {"client_id": "us", "scopes": ("openid",), "acr_values": ()}
    actions.set_client(idp, client_secret="first secret", **choice, **said)
    actions.set_client(IdentityProvider.objects.get(), client_secret="", **choice, **said)
    kept = IdentityProvider.objects.get()
    assert (queries.secret_of(kept), b"first secret" in bytes(kept.secret)) == (b"first secret", False)
    assert "secret" not in {field.name for field in IdentityProvider.history.model.tracked_fields}


@pytest.mark.parametrize(
    "change",
    [
        lambda idp, said: actions.confirm_discovery(idp, issuer="https://new.example", found=Oidc(), **said),
        lambda idp, said: actions.set_client(
            idp, client_id="x", client_secret="", scopes=("openid",), acr_values=("mfa",), **said
        ),
        lambda idp, said: actions.take_metadata(idp, entity_id="https://new.example", saml=Saml(), **said),
        lambda idp, said: actions.set_saml_choices(idp, authn_contexts=(), allows_unsolicited=True, **said),
    ],
)
def test_whatever_decides_if_the_sign_in_works_is_tested_anew(said, change):
    idp = sso.provider(can_sign=True)
    assert queries.enforceable() == [idp]
    change(idp, said)
    assert (queries.enforceable(), IdentityProvider.objects.get().can_sign) == ([], False)


def test_it_is_switched_on_only_after_a_passed_test_and_with_the_plan(said):
    draft = sso.provider(state=State.DRAFT, last_test={"at": NOW.isoformat(), "passed": False, "steps": []})
    with pytest.raises(MoveRefused):
        actions.activate(draft, **said)
    actions.note_test(
        draft, result={"at": NOW.isoformat(), "passed": True, "steps": []}, can_sign=True, **without(said)
    )
    assert actions.activate(draft, **said).state == State.ACTIVE
    off = actions.switch_off(IdentityProvider.objects.get(), **said)
    assert (off.state, queries.offered()) == (State.OFF, [])
    assert IdentityProvider.history.latest().history_change_reason == "Set up in the test"


def without(said):
    return {name: value for name, value in said.items() if name != "reason"}


def test_without_the_plan_nothing_is_offered_or_switched_on(in_acme):
    said = {"actor": cast.person("ann").actor, "now": NOW, "reason": "Set up in the test"}
    idp, off = sso.provider(), sso.provider(name="Off", state=State.OFF, issuer="https://off.example")
    assert (queries.plan_allows(), queries.offered(), queries.enforceable(), queries.active().count()) == (
        False,
        [],
        [],
        1,
    )
    with pytest.raises(MoveRefused):
        actions.activate(off, **said)
    sso.enterprise(in_acme)
    assert queries.offered() == [idp]


def test_complere_itself_needs_no_plan(platform):
    with schemas.on_platform():
        assert queries.plan_allows()


@pytest.mark.req("P11-10g")
def test_nobody_lets_a_group_give_what_they_may_not_give_themselves(said):
    idp = sso.provider()
    cay = cast.person("cay")
    role = roles.make(
        name="Access keeper",
        purpose="Looks after sign-in",
        permissions=["members.manage_access"],
        actor=cast.person("ann").actor,
        now=NOW,
        reason="Set the stage",
    )
    roles.grant(cay, role=role.key, actor=cast.person("ann").actor, now=NOW, reason="Set the stage")
    keeper = {"actor": cast.person("cay").actor, "now": NOW, "reason": "Map the groups"}
    with pytest.raises(actions.SettingsRefused):
        actions.set_mapping(idp, mapping=Mapping(roles={"us": "tenant_admin"}), **keeper)
    with pytest.raises(actions.SettingsRefused):
        actions.set_mapping(idp, mapping=Mapping(default_role="privacy_officer"), **keeper)
    assert queries.mapping(IdentityProvider.objects.get()) == Mapping()
    actions.set_mapping(idp, mapping=Mapping(roles={"us": "tenant_admin"}), **said)
    for opened in (
        Mapping(roles={"us": "tenant_admin", "everyone": "tenant_admin"}),
        Mapping(roles={"us": "tenant_admin"}, default_role="tenant_admin"),
        Mapping(roles={"us": "tenant_admin"}, groups="what-people-type-in"),
    ):
        with pytest.raises(actions.SettingsRefused):
            actions.set_mapping(IdentityProvider.objects.get(), mapping=opened, **keeper)
    widened = Mapping(roles={"us": "tenant_admin", "them": role.key})
    actions.set_mapping(IdentityProvider.objects.get(), mapping=widened, **keeper)
    assert queries.mapping(IdentityProvider.objects.get()) == widened


@pytest.mark.parametrize("role", ["platform_admin", "no such role", "c_00000000"])
def test_a_role_of_elsewhere_is_mapped_to_no_group(said, role):
    with pytest.raises(actions.SettingsRefused):
        actions.set_mapping(sso.provider(), mapping=Mapping(roles={"us": role}), **said)


def test_a_test_that_failed_teaches_nothing_about_signing(said):
    idp = sso.provider(can_sign=True)
    actions.note_test(idp, result={"at": NOW.isoformat(), "passed": False, "steps": []}, can_sign=None, **without(said))
    kept = IdentityProvider.objects.get()
    assert (kept.can_sign, queries.is_tested(kept), kept.issuer) == (True, False, ISSUER)
