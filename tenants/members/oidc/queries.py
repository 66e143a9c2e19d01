from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from tenants.members.arrivals.catalogue import Attempt, ProviderRefused, Purpose
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.members.outbox.actions import link
from tenants.members.sessions.catalogue import Door, Method


def for_purpose(provider_id: UUID | str, purpose: Purpose) -> IdentityProvider:
    """The provider, if it may be used for this; one that is not in use yet is only tried. Raises ProviderRefused."""
    provider = _known(provider_id)
    if provider is None or (provider.state != State.ACTIVE and purpose is not Purpose.TEST):
        raise ProviderRefused("no-provider", "This identity provider is not in use.")
    settings = providers.oidc(provider)
    if not provider.issuer or not settings.client_id or not settings.token_endpoint:
        raise ProviderRefused("not-set-up", "Issuer, client id or endpoints are missing. Finish the set-up first.")
    return provider


def of_logout(issuer: object, audience: object) -> IdentityProvider | None:
    """Who could have sent a logout token that names these; also a provider whose sign-in was switched off since."""
    clients = audience if isinstance(audience, list) else [audience]
    for provider in providers.providers().filter(kind=Kind.OIDC).exclude(state=State.DRAFT):
        if provider.issuer == issuer and providers.oidc(provider).client_id in clients:
            return provider
    return None


def wants_fresh(attempt: Attempt) -> bool:
    """Whether only somebody who authenticates for this very thing counts."""
    return attempt.fresh or attempt.purpose in (Purpose.SIGN, Purpose.PROVE)


def end_session_url(door: Door) -> str | None:
    """Where the provider ends its own session (RP-Initiated Logout 1.0); None when it offers nothing like it."""
    provider = _known(door.provider_id) if door.method is Method.OIDC and door.provider_id else None
    settings = providers.oidc(provider) if provider else None
    if settings is None or not settings.end_session_endpoint:
        return None
    told = {"client_id": settings.client_id, "post_logout_redirect_uri": link("oidc-signed-out")}
    if door.id_token:
        told["id_token_hint"] = door.id_token
    return with_query(settings.end_session_endpoint, told)


def with_query(address: str, values: dict[str, str]) -> str:
    """The address with these added to what it asks already."""
    parts = urlsplit(address)
    query = "&".join(part for part in (parts.query, urlencode(values)) if part)
    return urlunsplit(parts._replace(query=query))


def _known(provider_id: UUID | str) -> IdentityProvider | None:
    return providers.providers().filter(pk=provider_id, kind=Kind.OIDC).first()
