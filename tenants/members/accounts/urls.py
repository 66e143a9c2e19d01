from django.urls import path

from tenants.members.accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("account/", views.profile, name="profile"),
    path("account/password/", views.change_password, name="change-password"),
    path("account/sign-out-everywhere/", views.sign_out_everywhere, name="sign-out-everywhere"),
    path("password-reset/<str:token>/", views.choose_password, name="password-reset-new"),
    path("invitation/<str:token>/", views.accept_invitation, name="invitation"),
]
