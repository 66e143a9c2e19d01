"""Who somebody at an identity provider is here, and what follows from what it says of them."""

from datetime import datetime

import structlog
from django.db import IntegrityError, transaction

from audit import context
from audit.subject_keys.queries import blind_index
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import by_email
from tenants.members.arrivals.catalogue import ProviderRefused, Said
from tenants.members.federation import queries
from tenants.members.federation.models import FederatedIdentity
from tenants.members.identity_providers import actions as configuration
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.outbox import actions as outbox
from tenants.members.roles import actions as roles
from tenants.members.roles import queries as role_queries
from tenants.members.sessions import actions as sessions
from tenants.tenancy.queries import name_here

# Whose account the provider looks after: name, address and roles follow it.
SSO = "sso"

log = structlog.get_logger(__name__)


class LinkRefused(ValueError):
    """The identity cannot be taken away; the text says why."""


def arrive(provider: IdentityProvider, said: Said, *, now: datetime) -> User:
    """The person whom the provider has signed in, their account made or brought up to date.

    Identity is provider, issuer and subject, never an e-mail address (ASVS 6.8.1). Raises ProviderRefused.
    """
    queries.check_open(provider)
    with transaction.atomic():
        identity = queries.identity_of(provider, said)
        if identity is None:
            return _newcomer(provider, said, now)
        user = identity.user
        if not user.is_active:
            raise ProviderRefused("inactive", "The account here is deactivated. An administrator can open it again.")
        with context.regulated_write(actor=_provider(provider), reason=f"Signed in through {provider.name}"):
            FederatedIdentity.objects.filter(pk=identity.pk).update(last_used_at=now)
            if user.managed_by == SSO:
                _keep_up(user, provider, said)
            if providers.mapping(provider).follow_groups and not queries.leaves_groups_out(provider, said):
                _follow_groups(user, provider, said, now)
    return User.objects.get(pk=user.pk)


def link(user: User, provider: IdentityProvider, said: Said, *, now: datetime) -> FederatedIdentity:
    """From now on this subject is the person, who has just proved who they are on both sides. They are told by mail.

    Raises ProviderRefused for a subject that is somebody already, and for a second one of the person.
    """
    queries.check_open(provider)
    with context.regulated_write(actor=user.actor, reason=f"Linked {provider.name} on the account page"):
        # One at a time: two at once must not link two subjects.
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        known = queries.identity_of(provider, said)
        if known is not None:
            whose = "you already" if known.user_id == user.pk else "somebody else here"
            raise ProviderRefused("linked-already", f"This identity at {provider.name} belongs to {whose}.")
        if FederatedIdentity.objects.filter(user=user, provider=provider).exists():
            raise ProviderRefused("linked-other", f"Another identity at {provider.name} is linked. Unlink it first.")
        identity = _identity(locked, provider, said, by=f"{user.full_name} ({user.role_names})", now=now)
        _tell(user, provider, now, linked=True)
    return identity


def unlink(identity: FederatedIdentity, *, user: User, now: datetime, reason: str) -> None:
    """The subject is the person no more. They are told by mail. Raises `LinkRefused` for their last way in."""
    with context.regulated_write(actor=user.actor, reason=reason):
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        fresh = FederatedIdentity.objects.select_for_update(of=("self",)).filter(pk=identity.pk, user=user).first()
        if fresh is None:
            raise LinkRefused("This is linked no more.")
        if locked.managed_by == SSO and not locked.has_usable_password():
            raise LinkRefused("Your organisation's provider looks after this account; it is your only way in.")
        others = FederatedIdentity.objects.filter(user=user).exclude(pk=fresh.pk)
        if not locked.has_usable_password() and not others.exists():
            raise LinkRefused("This is your only way in. Set a password first.")
        sessions.end_of_provider(provider_id=fresh.provider_id, subject=fresh.subject)
        fresh.delete()
        _tell(user, identity.provider, now, linked=False)


def note_test(
    provider: IdentityProvider, said: Said, *, begun_at: datetime, actor: context.Actor, now: datetime
) -> IdentityProvider:
    """Keep what a test sign-in came to, step by step, and whether the provider can be asked to sign.

    It can when it authenticated the person anew, after they were sent there at `begun_at`, and says so.
    """
    result = {"at": now.isoformat(), "passed": True, "groups": queries.groups_in(provider, said)[:50]}
    steps = [*queries.steps_before(provider), *queries.steps_of(provider, said, begun_at)]
    fresh = queries.is_fresh(said, begun_at)
    return configuration.note_test(provider, result=result | {"steps": steps}, can_sign=fresh, actor=actor, now=now)


def note_failed_test(
    provider: IdentityProvider, why: ProviderRefused, *, actor: context.Actor, now: datetime
) -> IdentityProvider:
    """Keep at which step a test sign-in ended, in the words of the check that refused it."""
    steps = [queries.step("Sent to the provider", "done"), queries.step("Answer checked", "failed", why.words)]
    result = {"at": now.isoformat(), "passed": False, "code": why.code, "steps": steps}
    return configuration.note_test(provider, result=result, can_sign=None, actor=actor, now=now)


def _newcomer(provider: IdentityProvider, said: Said, now: datetime) -> User:
    """An account for somebody who never came before, if everything about them allows one."""
    email, wanted = queries.check_newcomer(provider, said)
    with context.regulated_write(actor=_provider(provider), reason=f"First sign-in through {provider.name}"):
        said_by = {"actor": _provider(provider), "now": now, "reason": f"First sign-in through {provider.name}"}
        try:
            user = accounts.create_user(email=email, full_name=queries.name_in(provider, said) or email, **said_by)  # type: ignore[arg-type]
        except accounts.AccountRefused as taken:
            # By somebody else, or in this moment by a second request of the same person.
            raise queries.address_taken() from taken
        user.managed_by = SSO
        user.save(update_fields=["managed_by"])
        for role in sorted(wanted):
            roles.grant(user, role=role, **said_by)  # type: ignore[arg-type]
        _identity(user, provider, said, by=provider.name, now=now)
    log.info("account made at first sign-in", account=str(user.pk), provider=str(provider.pk))
    return User.objects.get(pk=user.pk)


def _keep_up(user: User, provider: IdentityProvider, said: Said) -> None:
    """Name and address as the provider has them now; an address only under the same conditions as a first one."""
    name, email = queries.name_in(provider, said), queries.email_in(provider, said)
    changed: list[str] = []
    if name and name != user.full_name:
        user.full_name = name
        changed.append("full_name")
    proved = queries.vouches_for_email(provider, said) and bool(email) and queries.has_verified_domain(email)
    if proved and email != user.email and by_email(email) in (None, user):
        user.email, user.email_index = email, blind_index(email, "user.email")
        changed += ["email", "email_index"]
    if changed:
        try:
            with transaction.atomic():
                user.save(update_fields=changed)
        except IntegrityError:
            # Somebody took the address in this moment; it is looked at again at the next sign-in.
            log.warning("address not kept up", account=str(user.pk), provider=str(provider.pk))


def _follow_groups(user: User, provider: IdentityProvider, said: Said, now: datetime) -> None:
    """Give what the groups give, take what this provider governs and they give no more; never the last admin."""
    wanted, held = queries.roles_from(provider, said), set(user.role_keys)
    told = {"actor": _provider(provider), "now": now, "reason": f"Groups at {provider.name}"}
    for role in sorted(wanted - held):
        roles.grant(user, role=role, **told)  # type: ignore[arg-type]
    for role in sorted((held & queries.governed(provider)) - wanted):
        if role == role_queries.admin_role().key and queries.is_only_admin(user):
            log.warning("role kept: the last administrator", account=str(user.pk), provider=str(provider.pk))
            continue
        roles.revoke(user, role=role, **told)  # type: ignore[arg-type]


def _identity(user: User, provider: IdentityProvider, said: Said, *, by: str, now: datetime) -> FederatedIdentity:
    return FederatedIdentity.objects.create(
        key=queries.key_of(provider, said),
        user=user,
        provider=provider,
        subject_key=user.subject_key,
        subject=said.subject,
        linked_at=now,
        linked_by=by,
        last_used_at=now,
    )


def _provider(provider: IdentityProvider) -> context.Actor:
    return context.service(f"identity provider {provider.name}")


def _tell(user: User, provider: IdentityProvider, now: datetime, *, linked: bool) -> None:
    outbox.queue_email(
        to=user.email,
        subject_key=user.subject_key,
        template="identity-changed",
        context={
            "person": user,
            "provider": provider.name,
            "linked": linked,
            "origin": outbox.origin(),
            "sender_name": name_here(),
            "now": now,
        },
        now=now,
        about=f"members.user:{user.pk}",
    )
