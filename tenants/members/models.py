"""Where Django finds the models of this app."""

from tenants.members.access_policies.models import AccessPolicy
from tenants.members.access_reviews.models import AccessReview
from tenants.members.accounts.models import Invitation, PasswordReset, User
from tenants.members.api_tokens.models import AccessToken
from tenants.members.ceremonies.models import Ceremony
from tenants.members.contacts.models import Contact
from tenants.members.email_domains.models import EmailDomain
from tenants.members.factor_resets.models import FactorReset
from tenants.members.factors.models import Factor
from tenants.members.federation.models import FederatedIdentity
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.outbox.models import Email
from tenants.members.roles.models import CustomRole, RoleGrant
from tenants.members.safeguards.models import Safeguard
from tenants.members.scim.models import ProvisionedGroup
from tenants.members.sessions.models import Session
from tenants.members.signing_rights.models import IdentityCheck, PolicyAcceptance, SigningPolicy
from tenants.members.staff_entries.models import StaffEntry

__all__ = [
    "AccessPolicy",
    "AccessReview",
    "AccessToken",
    "Ceremony",
    "Contact",
    "CustomRole",
    "Email",
    "EmailDomain",
    "Factor",
    "FactorReset",
    "FederatedIdentity",
    "IdentityCheck",
    "IdentityProvider",
    "Invitation",
    "PasswordReset",
    "PolicyAcceptance",
    "ProvisionedGroup",
    "RoleGrant",
    "Safeguard",
    "Session",
    "SigningPolicy",
    "StaffEntry",
    "User",
]
