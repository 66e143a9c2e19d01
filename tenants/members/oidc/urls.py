from django.urls import path

from tenants.members.oidc import views

urlpatterns = [
    path("<uuid:provider_id>/start/", views.start, name="oidc-start"),
    path("callback/", views.callback, name="oidc-callback"),
    path("signed-out/", views.signed_out, name="oidc-signed-out"),
    path("leaving/<str:secret>/", views.leaving, name="oidc-leaving"),
    path("backchannel-logout/", views.backchannel_logout, name="oidc-backchannel-logout"),
]
