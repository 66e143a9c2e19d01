from django.urls import URLPattern, path

from privacy.breach_notices import views

# On the platform: writing, approving and sending.
console: list[URLPattern] = [
    path("tenants/<uuid:row>/notice/", views.draft, name="notice-draft"),
    path("notices/<uuid:pk>/", views.detail, name="notice"),
    path("notices/<uuid:pk>/edit/", views.edit, name="notice-edit"),
    path("notices/<uuid:pk>/approve/", views.approve, name="notice-approve"),
    path("notices/<uuid:pk>/send/", views.send, name="notice-send"),
]

# On a tenant's host: what Complere told it.
tenant: list[URLPattern] = [
    path("notices/", views.listing, name="breach-notices"),
    path("notices/<uuid:pk>/", views.received, name="breach-notice"),
    path("notices/<uuid:pk>/acknowledge/", views.acknowledge, name="breach-notice-acknowledge"),
]
