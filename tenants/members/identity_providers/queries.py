from uuid import UUID

from django.db.models import QuerySet

from audit.subject_keys.queries import open_secret
from tenants import schemas
from tenants.members.identity_providers.catalogue import Mapping, Oidc, Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.tenancy.queries import plan_here
from tenants.tenancy.states import Plan


def providers() -> QuerySet[IdentityProvider]:
    """Every identity provider of this schema, by name."""
    return IdentityProvider.objects.order_by("name", "pk")


def active() -> QuerySet[IdentityProvider]:
    return providers().filter(state=State.ACTIVE)


def plan_allows() -> bool:
    """Whether the plan of this workspace includes sign-in through an identity provider, and SCIM. Staff always."""
    return schemas.is_platform() or plan_here() == Plan.ENTERPRISE


def offered() -> list[IdentityProvider]:
    """The providers that the sign-in page shows, each a link to `sso-start`; none where the plan has none."""
    return list(active()) if plan_allows() else []


def enforceable() -> list[IdentityProvider]:
    """Providers that everybody could be required to use: in use, and a test sign-in passed with their settings."""
    return [provider for provider in offered() if is_tested(provider)]


def is_tested(provider: IdentityProvider) -> bool:
    """Whether a test sign-in passed since its settings were changed last."""
    return bool(provider.last_test.get("passed"))


def by_id(provider_id: UUID | str) -> IdentityProvider:
    """Raises `IdentityProvider.DoesNotExist`."""
    return IdentityProvider.objects.get(pk=provider_id)


def is_set_up(provider: IdentityProvider) -> bool:
    """Whether there is enough to send somebody there."""
    if provider.kind == Kind.SAML:
        kept = saml(provider)
        return bool(provider.issuer and kept.sso_url and kept.certificates)
    known = oidc(provider)
    return bool(provider.issuer and known.token_endpoint and known.client_id and provider.secret)


def of_attempt(provider_id: str) -> IdentityProvider | None:
    """The provider that somebody was sent to, as long as it is there."""
    return IdentityProvider.objects.filter(pk=provider_id).first()


def oidc(provider: IdentityProvider) -> Oidc:
    return Oidc.read(provider.settings)


def saml(provider: IdentityProvider) -> Saml:
    return Saml.read(provider.settings)


def mapping(provider: IdentityProvider) -> Mapping:
    return Mapping.read(provider.mapping)


def place_of_secret(provider: IdentityProvider) -> str:
    return f"members.identityprovider.secret|{provider.pk}"


def is_linked(provider: IdentityProvider) -> bool:
    """Whether anybody is somebody here by this provider."""
    return bool(provider.identities.exists())


def needs_second_person(provider: IdentityProvider, actor_id: UUID | None) -> bool:
    """Whether this person changed whom we trust, and so may not be the one who lets it count."""
    changed_by = saml(provider).trust_changed_by if provider.kind == Kind.SAML else ""
    return bool(changed_by) and changed_by == str(actor_id) and is_linked(provider)


def secret_of(provider: IdentityProvider) -> bytes:
    """The client secret, or the private key in PEM; empty when none is kept."""
    return open_secret(bytes(provider.secret), place_of_secret(provider)) if provider.secret else b""
