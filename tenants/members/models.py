"""Where Django finds the models of this app."""

from tenants.members.accounts.models import Invitation, PasswordReset, User
from tenants.members.contacts.models import Contact
from tenants.members.factor_resets.models import FactorReset
from tenants.members.factors.models import Factor
from tenants.members.outbox.models import Email
from tenants.members.roles.models import RoleGrant
from tenants.members.safeguards.models import Safeguard
from tenants.members.signing_rights.models import IdentityCheck, PolicyAcceptance, SigningPolicy

__all__ = [
    "Contact",
    "Email",
    "Factor",
    "FactorReset",
    "IdentityCheck",
    "Invitation",
    "PasswordReset",
    "PolicyAcceptance",
    "RoleGrant",
    "Safeguard",
    "SigningPolicy",
    "User",
]
