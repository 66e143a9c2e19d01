from django.urls import path

from tenants.members.api_tokens import views

urlpatterns = [
    path("", views.tokens, name="access-tokens"),
    path("new/", views.new, name="token-new"),
    path("<uuid:pk>/revoke/", views.revoke, name="token-revoke"),
]

# What machines call; `urlpatterns` is the desk.
api = [path("token/", views.read_self, name="api-token")]
