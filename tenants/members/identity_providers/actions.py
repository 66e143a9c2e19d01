"""Setting up a tenant's own identity provider, step by step, and deciding whom it lets in."""

from collections.abc import Mapping as Values
from dataclasses import replace
from datetime import datetime
from typing import Any

from audit import context
from audit.subject_keys.queries import seal_secret
from audit.transitions import MoveRefused, move
from tenants.members.identity_providers import queries
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.catalogue import Mapping, Oidc, Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.members.roles import actions as roles
from tenants.tenancy.queries import name_here


class SettingsRefused(ValueError):
    """The provider cannot be set up as asked; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def create(*, kind: str, name: str, actor: context.Actor, now: datetime, reason: str) -> IdentityProvider:
    """A provider to be set up; it lets nobody in yet. Raises `SettingsRefused` for a name that is taken."""
    with context.regulated_write(actor=actor, reason=reason):
        _check_name(name, None)
        made = IdentityProvider(
            kind=Kind(kind),
            name=name.strip(),
            state_changed_at=now,
            created_at=now,
            created_by=f"{actor.name} ({actor.role})",
        )
        if made.kind == Kind.SAML:
            # Ours, for signing requests and opening what is encrypted for us: one pair for each provider.
            key, certificate = certificates.make(name_here(), now)
            made.settings = Saml(own_certificates=(certificate,)).stored()
            made.secret = seal_secret(key.encode(), queries.place_of_secret(made))
        made.save(force_insert=True)
    return made


def rename(provider: IdentityProvider, *, name: str, actor: context.Actor, now: datetime, reason: str) -> None:
    """What people read on the sign-in page. Raises `SettingsRefused`."""
    with context.regulated_write(actor=actor, reason=reason):
        _check_name(name, provider)
        _change(provider, name=name.strip())


def confirm_discovery(
    provider: IdentityProvider, *, issuer: str, found: Oidc, actor: context.Actor, now: datetime, reason: str
) -> None:
    """Take the issuer and the endpoints that discovery found and an admin has read; the rest stays."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _locked(provider)
        _check_issuer(fresh, issuer)
        kept = queries.oidc(fresh)
        taken = replace(
            kept,
            authorization_endpoint=found.authorization_endpoint,
            token_endpoint=found.token_endpoint,
            jwks_uri=found.jwks_uri,
            userinfo_endpoint=found.userinfo_endpoint,
            end_session_endpoint=found.end_session_endpoint,
            algorithms=found.algorithms,
            token_endpoint_auth=found.token_endpoint_auth,
            sends_issuer=found.sends_issuer,
        )
        _change(fresh, issuer=issuer, settings=taken.stored(), last_test={}, can_sign=False)


def set_client(
    provider: IdentityProvider,
    *,
    client_id: str,
    client_secret: str,
    scopes: tuple[str, ...],
    acr_values: tuple[str, ...],
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> None:
    """How we are known to an OpenID provider. An empty secret leaves the one that is kept; nothing shows it again."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _locked(provider)
        kept = replace(queries.oidc(fresh), client_id=client_id, scopes=scopes, acr_values=acr_values)
        changes: dict[str, Any] = {"settings": kept.stored(), "last_test": {}, "can_sign": False}
        if client_secret:
            changes["secret"] = seal_secret(client_secret.encode(), queries.place_of_secret(fresh))
        _change(fresh, **changes)


def take_metadata(
    provider: IdentityProvider, *, entity_id: str, saml: Saml, actor: context.Actor, now: datetime, reason: str
) -> None:
    """Take what uploaded metadata say and an admin has read; `saml` are the settings with it.

    Whoever decides whose signature counts could sign in as anybody: where people are linked, the provider is off until
    a second person switches it on (P11-10g).
    """
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _locked(provider)
        _check_issuer(fresh, entity_id)
        known = queries.saml(fresh)
        turned = (known.certificates, known.sso_url) != (saml.certificates, saml.sso_url) and queries.is_linked(fresh)
        by = str(actor.id) if turned else known.trust_changed_by
        _change(
            fresh, issuer=entity_id, settings=replace(saml, trust_changed_by=by).stored(), last_test={}, can_sign=False
        )
        if turned and fresh.state == State.ACTIVE:
            move(fresh, State.OFF, actor=actor, now=now, reason=reason)


def set_saml_choices(
    provider: IdentityProvider,
    *,
    authn_contexts: tuple[str, ...],
    allows_unsolicited: bool,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> None:
    """Which classes of authentication are required, and whether sign-in may begin at the provider."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _locked(provider)
        kept = replace(queries.saml(fresh), authn_contexts=authn_contexts, allows_unsolicited=allows_unsolicited)
        _change(fresh, settings=kept.stored(), last_test={}, can_sign=False)


def set_mapping(
    provider: IdentityProvider, *, mapping: Mapping, actor: context.Actor, now: datetime, reason: str
) -> None:
    """Which claims say who somebody is, and which groups give which roles.

    Nobody lets a group give what they may not give themselves (P11-10g). Raises `SettingsRefused`.
    """
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _locked(provider)
        known = queries.mapping(fresh)
        # Who reads other claims as groups gives every role anew.
        same = mapping.groups == known.groups and (known.follow_groups or not mapping.follow_groups)
        before = {*known.roles.items(), ("", known.default_role)} if same else set()
        pairs = {*mapping.roles.items(), ("", mapping.default_role)} - before
        given = {role for _, role in pairs} - {""}
        try:
            roles.check_may_give(sorted(given), actor=actor)
        except roles.RoleRefused as refused:
            raise SettingsRefused("roles", str(refused)) from refused
        _change(fresh, mapping=mapping.stored())


def set_rules(
    provider: IdentityProvider,
    *,
    create_accounts: bool,
    trusts_second_factor: bool,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> None:
    """Whether it makes accounts at a first sign-in, and whether its word on a second factor is taken."""
    with context.regulated_write(actor=actor, reason=reason):
        _change(_locked(provider), create_accounts=create_accounts, trusts_second_factor=trusts_second_factor)


def note_test(
    provider: IdentityProvider,
    *,
    result: Values[str, Any],
    can_sign: bool | None,
    actor: context.Actor,
    now: datetime,
) -> IdentityProvider:
    """What a test sign-in came to. `can_sign`: whether it told when the person authenticated; None: not learnt."""
    with context.regulated_write(actor=actor, reason=f"Tested {provider.name}"):
        fresh = _locked(provider)
        _change(fresh, last_test=dict(result), can_sign=fresh.can_sign if can_sign is None else can_sign)
    return fresh


def activate(provider: IdentityProvider, *, actor: context.Actor, now: datetime, reason: str) -> IdentityProvider:
    """Offer it on the sign-in page. Raises `MoveRefused` unless a test passed and the plan includes it."""
    if not queries.plan_allows():
        raise MoveRefused("The plan of this workspace does not include sign-in through an identity provider.")
    with context.regulated_write(actor=actor, reason=reason):
        if not queries.is_tested(_locked(provider)):
            raise MoveRefused("Test the sign-in first: it passed never, or not since the settings were changed.")
        if queries.needs_second_person(_locked(provider), actor.id):
            raise MoveRefused("You changed whose signature counts: somebody else who manages access switches it on.")
        return move(provider, State.ACTIVE, actor=actor, now=now, reason=reason)


def switch_off(provider: IdentityProvider, *, actor: context.Actor, now: datetime, reason: str) -> IdentityProvider:
    """Nobody comes in through it from now on; identities and history stay. Open sessions end with their limits."""
    return move(provider, State.OFF, actor=actor, now=now, reason=reason)


def _locked(provider: IdentityProvider) -> IdentityProvider:
    return IdentityProvider.objects.select_for_update().get(pk=provider.pk)


def _change(provider: IdentityProvider, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(provider, name, value)
    provider.save(update_fields=[*changes])


def _check_name(name: str, but: IdentityProvider | None) -> None:
    others = queries.providers() if but is None else queries.providers().exclude(pk=but.pk)
    if name.strip().casefold() in {other.name.casefold() for other in others}:
        raise SettingsRefused("name", "Another provider has this name. People tell them apart by it.")


def _check_issuer(provider: IdentityProvider, issuer: str) -> None:
    """An issuer stands for one provider, or a mix-up could not be told (RFC 9207)."""
    others = queries.providers().exclude(pk=provider.pk).filter(kind=provider.kind, issuer=issuer)
    if others.exists():
        raise SettingsRefused("issuer", f"“{others[0].name}” has this issuer already.")
