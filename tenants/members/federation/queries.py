from tenants.members.accounts.models import User
from tenants.members.federation.models import FederatedIdentity
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import State


def signing_providers(user: User) -> list[IdentityProvider]:
    """Where this person can confirm a signature: active providers that they are linked to and that answer freshly."""
    linked = FederatedIdentity.objects.filter(user=user, provider__state=State.ACTIVE, provider__can_sign=True)
    return [identity.provider for identity in linked.select_related("provider").order_by("linked_at")]
