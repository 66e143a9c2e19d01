"""A tenant's own host: the workspace, and the form for its data subjects."""

from django.urls import include, path

from complere.urls import demo, desk
from privacy.breach_notices import urls as breach_notices
from tenants.books import urls as books
from tenants.browser_reports import urls as browser_reports
from trust_center.document_requests import urls as document_requests
from trust_center.public_pages import urls as public_pages

urlpatterns = [
    path("", include("complere.urls.desk")),
    *desk.tenant,
    path("signatures/", include("tenants.members.signatures.urls")),
    path("signatures/", include("audit.signed_records.urls")),
    path("deadlines/", include("privacy.deadlines.urls")),
    path("data-request/", include("privacy.intake.urls")),
    path("incidents/", include(breach_notices.tenant)),
    path("documents/", include(document_requests.tenant)),
    *books.every_host,
    *browser_reports.every_host,
    *demo.urlpatterns(),
    *public_pages.every_host,
]

handler404 = "complere.refusals.not_found"
handler500 = "complere.refusals.failed"
