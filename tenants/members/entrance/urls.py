from django.urls import path

from tenants.members.entrance import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/passkey/", views.sign_in_with_passkey, name="sign-in-with-passkey"),
    path("sign-in/second-step/", views.second_step, name="second-step"),
    path("sign-in/challenge/", views.passkey_challenge, name="passkey-challenge"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("account/prove/", views.prove, name="prove"),
    path("password-reset/", views.ask_for_reset, name="password-reset"),
    path("password-reset/sent/", views.reset_sent, name="password-reset-sent"),
]
