from uuid import UUID

from django.db.models import QuerySet

from audit.subject_keys.queries import open_secret
from tenants.members.identity_providers.catalogue import Mapping, Oidc, Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import State


def providers() -> QuerySet[IdentityProvider]:
    """Every identity provider of this schema, by name."""
    return IdentityProvider.objects.order_by("name", "pk")


def active() -> QuerySet[IdentityProvider]:
    return providers().filter(state=State.ACTIVE)


def by_id(provider_id: UUID | str) -> IdentityProvider:
    """Raises `IdentityProvider.DoesNotExist`."""
    return IdentityProvider.objects.get(pk=provider_id)


def oidc(provider: IdentityProvider) -> Oidc:
    return Oidc.read(provider.settings)


def saml(provider: IdentityProvider) -> Saml:
    return Saml.read(provider.settings)


def mapping(provider: IdentityProvider) -> Mapping:
    return Mapping.read(provider.mapping)


def place_of_secret(provider: IdentityProvider) -> str:
    return f"members.identityprovider.secret|{provider.pk}"


def secret_of(provider: IdentityProvider) -> bytes:
    """The client secret, or the private key in PEM; empty when none is kept."""
    return open_secret(bytes(provider.secret), place_of_secret(provider)) if provider.secret else b""
