import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from audit.subject_keys.queries import blind_index
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import by_email
from tenants.members.arrivals.catalogue import ProviderRefused, Said
from tenants.members.email_domains import queries as domains
from tenants.members.federation.models import FederatedIdentity
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.members.roles import queries as roles

# Between our clock and the provider's.
LEEWAY = timedelta(seconds=60)
# What a directory may name: more is a mistake, or an attempt to fill a page.
MOST_GROUPS = 500
LONGEST = 254


def signing_providers(user: User) -> list[IdentityProvider]:
    """Where this person can confirm a signature: active providers that they are linked to and that answer freshly."""
    linked = FederatedIdentity.objects.filter(user_id=user.pk, provider__state=State.ACTIVE, provider__can_sign=True)
    return [identity.provider for identity in linked.select_related("provider").order_by("linked_at")]


def key_of(provider: IdentityProvider, said: Said) -> str:
    """Under which an identity is kept: a keyed digest of provider, issuer and subject, each to the letter."""
    told = json.dumps([str(provider.pk), said.issuer, said.subject])
    # Hashed first: a blind index does not tell capitals apart, a subject does.
    return blind_index(hashlib.sha256(told.encode()).hexdigest(), "federated identity")


def identity_of(provider: IdentityProvider, said: Said) -> FederatedIdentity | None:
    """Never by e-mail address (ASVS 6.8.1)."""
    found = FederatedIdentity.objects.select_related("user__subject_key", "subject_key")
    return found.filter(pk=key_of(provider, said)).first()


def is_of(user: User, provider: IdentityProvider, said: Said) -> bool:
    """Whether this subject is the person."""
    found = identity_of(provider, said)
    return found is not None and found.user_id == user.pk


def of_person(user: User) -> QuerySet[FederatedIdentity]:
    found = FederatedIdentity.objects.select_related("provider", "subject_key")
    return found.filter(user=user).order_by("linked_at", "pk")


def linkable(user: User) -> list[IdentityProvider]:
    """Providers at which this person has no identity yet."""
    taken = {identity.provider_id for identity in of_person(user)}
    return [provider for provider in providers.offered() if provider.pk not in taken]


def email_in(provider: IdentityProvider, said: Said) -> str:
    """The e-mail address that the provider gives, or empty: whatever is no address of one person is left out."""
    email = text_of(said.claims.get(providers.mapping(provider).email)).strip()
    local, _, domain = email.rpartition("@")
    return email if local and domain and len(email) <= LONGEST and email.isprintable() and " " not in email else ""


def name_in(provider: IdentityProvider, said: Said) -> str:
    """The name that the provider gives, or empty."""
    name = " ".join(text_of(said.claims.get(providers.mapping(provider).name)).split())
    return name[:120] if name.isprintable() else ""


def vouches_for_email(provider: IdentityProvider, said: Said) -> bool:
    """Whether the provider verified the very address that is taken: OpenID's word is about its claim `email` alone."""
    if not said.email_verified:
        return False
    return provider.kind != Kind.OIDC or email_in(provider, said) == text_of(said.claims.get("email")).strip()


def groups_in(provider: IdentityProvider, said: Said) -> list[str]:
    """The groups that the provider gives. None named and no such claim are the same: in no group."""
    given = said.claims.get(providers.mapping(provider).groups)
    texts: Iterable[Any] = given if isinstance(given, list | tuple) else [given]
    named = [one.strip() for one in texts if isinstance(one, str)]
    return [one for one in named if one and one.isprintable() and len(one) <= LONGEST][:MOST_GROUPS]


def leaves_groups_out(provider: IdentityProvider, said: Said) -> bool:
    """Entra ID names no groups of who is in too many; it says so."""
    claim = providers.mapping(provider).groups
    left_out = said.claims.get("_claim_names")
    return claim not in said.claims and (isinstance(left_out, dict) and claim in left_out)


def roles_from(provider: IdentityProvider, said: Said) -> set[str]:
    """The roles that the person's groups give, only such as can be given here."""
    mapping = providers.mapping(provider)
    given = {role for group in groups_in(provider, said) if (role := mapping.roles.get(group))}
    wanted = given or {mapping.default_role}
    return wanted & {role.key for role in roles.roles_here()}


def governed(provider: IdentityProvider) -> set[str]:
    """The roles that follow the groups of this provider; any other is given by hand and stays."""
    mapping = providers.mapping(provider)
    return {*mapping.roles.values(), mapping.default_role} - {""}


def is_only_admin(user: User) -> bool:
    """Whether nobody else who can come in manages people here; held until the transaction ends."""
    return roles.is_only_admin(user)


def has_verified_domain(email: str) -> bool:
    return domains.is_verified(email.rpartition("@")[2])


def check_open(provider: IdentityProvider) -> None:
    """Raises ProviderRefused for one that is not in use, or that the plan does not include."""
    if provider.state != State.ACTIVE:
        raise ProviderRefused("off", f"{provider.name} is not switched on.")
    if not providers.plan_allows():
        raise ProviderRefused("plan", "The plan of this workspace does not include sign-in through a provider.")


def check_newcomer(provider: IdentityProvider, said: Said) -> tuple[str, set[str]]:
    """E-mail address and roles that an account made now would have. Raises ProviderRefused with what stands against it.

    An address counts only when provider and workspace both vouch for it: the provider says that it was verified, the
    workspace proved that the domain is its own.
    """
    if not provider.create_accounts:
        raise ProviderRefused("no-account", "Nobody here is linked to this identity, and accounts are not made by it.")
    email = email_in(provider, said)
    if not email:
        claim = providers.mapping(provider).email
        raise ProviderRefused("no-email", f"The provider gives no e-mail address: “{claim}” is missing or no address.")
    if not vouches_for_email(provider, said):
        raise ProviderRefused("email-unverified", "The provider does not say that the e-mail address was verified.")
    if not has_verified_domain(email):
        domain = email.rpartition("@")[2]
        raise ProviderRefused("foreign-domain", f"{domain} is not among the verified domains of this workspace.")
    if by_email(email) is not None:
        raise address_taken()
    wanted = roles_from(provider, said)
    if not wanted:
        raise ProviderRefused("no-role", "None of the person's groups gives a role here, and there is no usual role.")
    return email, wanted


def address_taken() -> ProviderRefused:
    return ProviderRefused(
        "address-taken",
        "The e-mail address belongs to an account that is not linked to this identity. "
        "Whoever owns it signs in as before and links the provider on their account page.",
    )


def step(label: str, state: str, note: str = "") -> dict[str, str]:
    """One line of the result of a test. `state`: done, failed, or noted where it is no condition."""
    # A provider's own words may be in it: what is no character of a text cannot be kept.
    return {"label": label, "state": state, "note": "".join(one if one.isprintable() else "?" for one in note)}


def steps_before(provider: IdentityProvider) -> list[dict[str, str]]:
    whose = "issuer" if provider.kind == "oidc" else "entity id"
    return [
        step("Sent to the provider", "done"),
        step("Answer checked", "done", f"Signature, {whose}, audience and times hold: {provider.issuer}"),
    ]


def is_fresh(said: Said, begun_at: datetime) -> bool:
    """Whether the person authenticated after they were sent to the provider, and the provider says so."""
    return said.authenticated_at is not None and said.authenticated_at >= begun_at - LEEWAY


def steps_of(provider: IdentityProvider, said: Said, begun_at: datetime) -> list[dict[str, str]]:
    """What the settings make of what a provider said. No line names the person: the result is kept."""
    return [
        _newcomer_step(provider, said),
        _name_step(provider, said),
        _roles_step(provider, said),
        *_proof_steps(said, begun_at),
    ]


def _newcomer_step(provider: IdentityProvider, said: Said) -> dict[str, str]:
    label = "Account at first sign-in"
    known = identity_of(provider, said)
    if known is not None:
        note = "This identity is linked to an account already." if known.user.is_active else "Its account is shut."
        return step(label, "done" if known.user.is_active else "failed", note)
    try:
        check_newcomer(provider, said)
    except ProviderRefused as why:
        return step(label, "noted" if why.code in ("no-account", "address-taken") else "failed", why.words)
    return step(label, "done", "An account would be made: the address is verified, and so is its domain.")


def _name_step(provider: IdentityProvider, said: Said) -> dict[str, str]:
    claim = providers.mapping(provider).name
    given = ", ".join(sorted(said.claims)[:40])
    if name_in(provider, said):
        return step("Name", "done", f"Taken from “{claim}”.")
    return step("Name", "noted", f"“{claim}” is missing: the e-mail address stands in. The provider gives: {given}.")


def _roles_step(provider: IdentityProvider, said: Said) -> dict[str, str]:
    claim, groups = providers.mapping(provider).groups, groups_in(provider, said)
    names = ", ".join(sorted(roles.name_of(key) for key in roles_from(provider, said))) or "none"
    if leaves_groups_out(provider, said):
        return step("Groups and roles", "failed", "The provider leaves groups out: the person is in too many for it.")
    if not groups:
        return step("Groups and roles", "noted", f"“{claim}” names no group. Role: {names}.")
    return step("Groups and roles", "done", f"{len(groups)} in “{claim}”: {', '.join(groups[:20])}. Role: {names}.")


def _proof_steps(said: Said, begun_at: datetime) -> list[dict[str, str]]:
    if said.authenticated_at is None:
        told = "It does not say when the person authenticated: it cannot confirm signatures."
    elif not is_fresh(said, begun_at):
        told = "It did not ask anew who is there, though it was told to: it cannot confirm signatures."
    else:
        told = "It asked anew who is there and says when, so it can confirm signatures."
    state = "done" if is_fresh(said, begun_at) else "noted"
    methods = ", ".join([*said.amr, *([said.acr] if said.acr else [])]) or "nothing"
    return [
        step("Time of authentication", state, told),
        step("Second factor", "noted", f"Of how the person authenticated it says: {methods}."),
    ]


def text_of(value: Any) -> str:
    """A claim that should be one text; attributes of SAML come as lists."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    return first if isinstance(first, str) else ""
