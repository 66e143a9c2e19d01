"""How the history of tenants and their hosts is read."""

from audit.presenters import Story
from tenants.regions import catalogue

STORIES = [
    Story(
        kind="tenants.tenant",
        permission="tenants.view_tenants",
        title=lambda tenant: str(tenant.name),
        labels={"origin": "address", "state_changed_at": "time of the last move"},
        values={"region": lambda code: catalogue.region(code).name},
        children=[("tenants.domain", "tenant")],
    ),
    Story(
        kind="tenants.domain",
        permission="tenants.view_tenants",
        title=lambda domain: str(domain.domain),
        labels={"domain": "host name", "is_primary": "main host"},
    ),
]
