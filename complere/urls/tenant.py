"""A tenant's own host: the workspace, and the form for its data subjects."""

from django.urls import include, path

from complere.urls import demo
from trust_center.document_requests import urls as document_requests

urlpatterns = [
    path("", include("tenants.members.accounts.urls")),
    path("people/", include("tenants.members.roles.urls")),
    path("contacts/", include("tenants.members.contacts.urls")),
    path("history/", include("audit.trail.urls")),
    path("deadlines/", include("privacy.deadlines.urls")),
    path("requests/", include("privacy.subject_requests.urls")),
    path("data-request/", include("privacy.intake.urls")),
    path("incidents/", include("privacy.incidents.urls")),
    path("documents/", include(document_requests.tenant)),
    *demo.urlpatterns(),
]

handler404 = "complere.refusals.not_found"
handler500 = "complere.refusals.failed"
