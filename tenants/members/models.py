"""Where Django finds the models of this app."""

from tenants.members.accounts.models import Invitation, PasswordReset, User
from tenants.members.contacts.models import Contact
from tenants.members.outbox.models import Email
from tenants.members.roles.models import RoleGrant

__all__ = ["Contact", "Email", "Invitation", "PasswordReset", "RoleGrant", "User"]
