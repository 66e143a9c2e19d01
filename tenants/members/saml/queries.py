"""What is known of the SAML side of an identity provider."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from tenants.members.arrivals.catalogue import Attempt, ProviderRefused, Purpose
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.adapters.certificates import Certificate
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.members.outbox.actions import link
from tenants.members.saml.catalogue import WARNINGS, Addresses

END_OF_KEY = "-----END PRIVATE KEY-----"


def known(provider_id: UUID | str) -> IdentityProvider | None:
    return providers.providers().filter(pk=provider_id, kind=Kind.SAML).first()


def for_purpose(provider_id: UUID | str, purpose: Purpose) -> IdentityProvider:
    """The provider, if it may be used for this; one that is not in use yet is only tried. Raises `ProviderRefused`."""
    provider = known(provider_id)
    if provider is None or (provider.state != State.ACTIVE and purpose is not Purpose.TEST):
        raise ProviderRefused("no-provider", "This identity provider is not in use.")
    return provider


def wants_fresh(attempt: Attempt) -> bool:
    """Whether only somebody who authenticates for this very thing counts."""
    return attempt.fresh or attempt.purpose in (Purpose.SIGN, Purpose.PROVE)


def addresses(provider: IdentityProvider) -> Addresses:
    """What the other side is told; built from the stored origin, never from the Host header."""
    return Addresses(
        entity_id=link("saml-metadata", provider.pk),
        acs=link("saml-acs", provider.pk),
        slo=link("saml-slo", provider.pk),
    )


def private_keys(provider: IdentityProvider) -> list[str]:
    """Ours in PEM, newest first as our certificates: two while they roll over."""
    pem = providers.secret_of(provider).decode()
    return [f"{part.strip()}\n{END_OF_KEY}\n" for part in pem.split(END_OF_KEY) if part.strip()]


def expiring(provider: IdentityProvider, now: datetime) -> list[Certificate]:
    """Certificates of the provider that are over or will be within 30 days, the first to end first."""
    return certificates.expiring(providers.saml(provider).certificates, now, within=timedelta(days=WARNINGS[0]))


def warnings(provider: IdentityProvider) -> Iterator[tuple[datetime, str, Certificate, bool]]:
    """For each certificate: when to tell of its end, the name of that warning, whether it is ours. Told ones, too."""
    kept = providers.saml(provider)
    for pems, ours in ((kept.certificates, False), (kept.own_certificates, True)):
        for one in certificates.known(pems):
            for days in WARNINGS:
                yield one.not_after - timedelta(days=days), f"{one.fingerprint[:23]} {days}", one, ours


def next_warning() -> datetime | None:
    """When administrators must next be told that a certificate ends."""
    found = [
        at
        for provider in providers.active().filter(kind=Kind.SAML)
        for at, name, _, _ in warnings(provider)
        if name not in providers.saml(provider).warned
    ]
    return min(found, default=None)
