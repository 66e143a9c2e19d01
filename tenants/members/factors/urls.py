from django.urls import path

from tenants.members.factors import views

# Under the person's own account.
urlpatterns = [
    path("", views.signing, name="signing"),
    path("authenticators/add/", views.add_authenticator, name="authenticator-add"),
    path("authenticators/confirm/", views.confirm_authenticator, name="authenticator-confirm"),
    path("passkeys/add/", views.add_passkey, name="passkey-add"),
    path("passkeys/register/", views.register_passkey, name="passkey-register"),
    path("recovery-codes/", views.recovery_codes, name="recovery-codes"),
    path("factors/<uuid:factor_id>/remove/", views.remove, name="factor-remove"),
    path("factors/<uuid:factor_id>/test/", views.test, name="factor-test"),
]
