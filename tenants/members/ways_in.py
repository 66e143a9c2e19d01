"""What every way in says of itself on the page “Sign-in and access”, which stands below them all."""

from datetime import datetime

from audit import presenters
from tenants.members import panels
from tenants.members.access_policies import presenters as rules
from tenants.members.access_policies import queries as policies
from tenants.members.access_policies.catalogue import Card
from tenants.members.accounts.models import User
from tenants.members.api_tokens import queries as tokens
from tenants.members.api_tokens.models import AccessToken
from tenants.members.api_tokens.states import Purpose
from tenants.members.email_domains.models import EmailDomain
from tenants.members.factors.queries import factors_of
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.states import State
from tenants.members.roles.queries import roles_here
from tenants.members.scim import queries as directory
from tenants.members.scim.models import ProvisionedGroup
from tenants.members.sessions import presenters as sessions
from tenants.members.staff_entries.models import StaffEntry

NOT_IN_PLAN = ("Not part of your plan", "neutral")


def open_up() -> None:
    """Registers all of it; for the app's `ready()`."""
    for story in rules.STORIES:
        presenters.register(story)
    panels.register(panels.ACCOUNT, sessions.account_panel)
    panels.register(panels.PERSON, sessions.person_panel)
    policies.register_roles(lambda: [(role.key, role.name) for role in roles_here()])
    policies.register_has_second(has_second)
    tokens.register_given_roles(directory.roles_given)
    policies.register_enforceable(lambda: bool(providers.enforceable()))
    for card in (rules.rules_card, of_providers, of_domains, of_directory, of_tokens, of_staff):
        policies.register_card(card)


def has_second(user: User) -> bool:
    return bool(factors_of(user))


def of_providers(_now: datetime) -> Card:
    known = list(providers.providers())
    in_use = [one for one in known if one.state == State.ACTIVE]
    if not providers.plan_allows():
        word, tone = NOT_IN_PLAN
    elif in_use:
        tested = all(providers.is_tested(one) for one in in_use)
        word, tone = (f"{len(in_use)} in use", "verified") if tested else ("In use, not tested", "attention")
    else:
        drafts = any(one.state == State.DRAFT for one in known)
        word, tone = ("Being set up", "active") if drafts else ("None", "neutral")
    note = "People sign in with the identity provider of their own company, by OpenID Connect or SAML."
    return Card("Identity providers", "identity-providers", tone, word, note=note)


def of_domains(_now: datetime) -> Card:
    proved = [*EmailDomain.objects.values_list("verified_at", flat=True)]
    waiting = proved.count(None)
    if waiting:
        word, tone = f"{waiting} not proved", "attention"
    else:
        word, tone = (f"{len(proved)} proved", "verified") if proved else ("None", "neutral")
    note = "Whose addresses a provider may vouch for: each domain is proved by a record in its DNS."
    return Card("E-mail domains", "email-domains", tone, word, note=note)


def of_directory(now: datetime) -> Card:
    if providers.plan_allows():
        connected = _open_tokens(Purpose.SCIM, now)
        word, tone = ("Connected", "verified") if connected else ("Not connected", "neutral")
    else:
        word, tone = NOT_IN_PLAN
    groups = ProvisionedGroup.objects.count()
    note = "Accounts come and go with the company's directory (SCIM)."
    return Card("Directory", "directory", tone, word, note=f"{note} {groups} groups are kept." if groups else note)


def of_tokens(now: datetime) -> Card:
    count = _open_tokens(Purpose.API, now)
    word, tone = (f"{count} open", "active") if count else ("None", "neutral")
    return Card("Access tokens", "access-tokens", tone, word, note="Machines come in by tokens with scopes and an end.")


def of_staff(now: datetime) -> Card:
    here = StaffEntry.objects.filter(starts_at__lte=now, ends_at__gt=now, ended_at=None).count()
    word, tone = (f"{here} open now", "attention") if here else ("None now", "verified")
    note = "Complere's staff enter for a reason and a time that two of them agreed on, and you see each visit."
    return Card("Visits of Complere's staff", "staff-entries", tone, word, note=note, permission="members.view_people")


def _open_tokens(purpose: Purpose, now: datetime) -> int:
    return AccessToken.objects.filter(purpose=purpose, revoked_at=None, expires_at__gt=now).count()
