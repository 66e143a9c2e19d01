from django.urls import path

from tenants.members.roles import views

urlpatterns = [
    path("", views.people, name="people"),
    path("invite/", views.invite, name="person-invite"),
    path("<uuid:pk>/", views.person, name="person"),
    path("<uuid:pk>/roles/", views.change_roles, name="person-roles"),
    path("<uuid:pk>/deactivate/", views.deactivate, name="person-deactivate"),
    path("<uuid:pk>/reactivate/", views.reactivate, name="person-reactivate"),
    path("<uuid:pk>/invite-again/", views.invite_again, name="person-invite-again"),
    path("<uuid:pk>/take-back-invitation/", views.take_back_invitation, name="person-take-back-invitation"),
]
