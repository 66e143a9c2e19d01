"""What stands between somebody and the workspace: which step is due, and by which ways it is taken."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest

from tenants.members import browsers
from tenants.members.access_policies import queries as policies
from tenants.members.accounts.models import User
from tenants.members.entrance.catalogue import PENDING, PENDING_LIVES, Second, vouches
from tenants.members.factors import queries as factors
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind
from tenants.members.safeguards import queries as guards
from tenants.members.sessions.catalogue import Door, Method, read

if TYPE_CHECKING:
    from tenants.members.arrivals.catalogue import Said


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody who took the first step. `door` is how the session will be opened once the second is taken."""

    user: User
    door: Door
    next: str


@dataclass(frozen=True, slots=True)
class Ways:
    """By what somebody can show who they are: for the page that asks."""

    password: bool = False
    code: bool = False
    recovery: bool = False
    passkey: bool = False
    provider: UUID | None = None

    @property
    def any_code(self) -> bool:
        return self.code or self.recovery


def let_in_by_password() -> Collection[str] | None:
    """The ids of those whom the workspace lets in without its identity provider; None: everybody."""
    rules = policies.rules()
    return rules.recovery_accounts if rules.sso_required else None


def may_come_without_provider(user: User) -> bool:
    only = let_in_by_password()
    return only is None or str(user.pk) in only


def second_is_due(user: User) -> bool:
    """Whoever has set up a factor is asked for it, whatever the rules say (ASVS 6.3.3)."""
    return bool(factors.factors_of(user))


def must_set_up(user: User) -> bool:
    """Has no factor, and opens nothing but the pages that set one up until there is one."""
    return policies.second_is_required(user) and not factors.factors_of(user)


def pending(request: HttpRequest, now: datetime) -> Pending | None:
    """Who took the first step in this browser less than ten minutes ago, as long as the account is as it was then."""
    kept = request.session.get(PENDING) or {}
    door = read(kept.get("door"))
    if door is None or not timedelta(0) <= now - door.opened_at <= PENDING_LIVES:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    # A new password, or an end of all sessions, ends what was begun before, too.
    if user is None or user.get_session_auth_hash() != kept["hash"]:
        return None
    if door.method is Method.PASSWORD and not may_come_without_provider(user):
        return None
    return Pending(user, door, str(kept["next"]))


def kept_pending(user: User, door: Door, wanted: str) -> dict[str, Any]:
    """What `pending` reads."""
    return {"user": str(user.pk), "hash": user.get_session_auth_hash(), "door": door.stored(), "next": wanted}


def ways_of_second(user: User) -> Ways:
    held, kept = factors.factors_of(user), guards.of_person(user)
    return Ways(
        code=bool(factors.authenticators(held)),
        recovery=bool(kept and kept.recovery_left),
        passkey=bool(factors.passkeys(held)),
    )


def ways_of_proof(user: User, door: Door | None) -> Ways:
    """How somebody who is signed in proves it anew: by what they could sign in with."""
    found = ways_of_second(user)
    by_password = user.has_usable_password() and may_come_without_provider(user)
    came_by = door.provider_id if door is not None and door.method in (Method.OIDC, Method.SAML) else ""
    return replace(found, password=by_password, provider=UUID(came_by) if came_by else None)


def familiar(request: HttpRequest, user: User) -> str:
    """The number of this browser, if the person signed in with it before; else empty."""
    known = browsers.known(request)
    return known.browser if known.person == str(user.pk) else ""


def provider_of(said: "Said", method: Method) -> IdentityProvider | None:
    """The one provider in use that goes by this issuer and protocol."""
    kind = Kind.OIDC if method is Method.OIDC else Kind.SAML
    found = [*providers.active().filter(kind=kind, issuer=said.issuer)[:2]]
    return found[0] if len(found) == 1 else None


def vouched(provider: IdentityProvider | None, said: "Said | None") -> str:
    """The second factor that a provider vouches for, if its word is taken here; else empty (ASVS 6.8.4)."""
    if provider is None or said is None or not provider.trusts_second_factor:
        return ""
    is_oidc = provider.kind == Kind.OIDC
    asked = providers.oidc(provider).acr_values if is_oidc else providers.saml(provider).authn_contexts
    return Second.PROVIDER if vouches(amr=said.amr, acr=said.acr, asked=asked) else ""
