"""Where Django finds the models of this app."""

from tenants.break_glass.models import EntryRequest
from tenants.browser_reports.models import BrowserReport
from tenants.tenancy.models import Domain, Tenant
from tenants.wakeups.models import WakeUp

__all__ = ["BrowserReport", "Domain", "EntryRequest", "Tenant", "WakeUp"]
