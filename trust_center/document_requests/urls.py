"""Asking for documents: `public` on the Trust Center, `tenant` in a workspace."""

from django.urls import path

from trust_center.document_requests import views

public = [
    path("", views.library, name="documents"),
    path("request/", views.ask, name="request-documents"),
    path("request/sent/", views.sent, name="request-documents-sent"),
    path("confirm/<str:token>/", views.confirm, name="confirm-document-request"),
    path("requests/<str:token>/", views.status, name="document-request-status"),
    path("requests/<str:token>/answer/", views.answer, name="document-request-answer"),
    path("requests/<str:token>/withdraw/", views.withdraw, name="document-request-withdraw"),
    path("links/<str:token>/", views.link, name="document-link"),
    path("links/<str:token>/download/", views.download, name="document-link-download"),
]

tenant = [
    path("", views.workspace, name="documents"),
    path("request/", views.ask_for_tenant, name="request-documents"),
    path("requests/<uuid:pk>/", views.own_request, name="document-request"),
    path("requests/<uuid:pk>/answer/", views.answer_own, name="document-request-answer"),
    path("requests/<uuid:pk>/withdraw/", views.withdraw_own, name="document-request-withdraw"),
]
