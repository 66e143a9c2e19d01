from django.urls import path

from trust_center.document_answers import views

urlpatterns = [
    path("", views.queue, name="document-requests"),
    path("links/<uuid:pk>/revoke/", views.revoke, name="document-link-revoke"),
    path("<uuid:pk>/", views.detail, name="document-request"),
    path("<uuid:pk>/grant/", views.grant, name="document-request-grant"),
    path("<uuid:pk>/refuse/", views.refuse, name="document-request-refuse"),
    path("<uuid:pk>/ask/", views.enquire, name="document-request-ask"),
]
