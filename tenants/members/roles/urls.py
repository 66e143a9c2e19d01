from django.urls import path

from tenants.members.roles import views

urlpatterns = [
    path("", views.people, name="people"),
    path("invite/", views.invite, name="person-invite"),
    path("roles/", views.roles, name="roles"),
    path("roles/matrix/", views.matrix, name="roles-matrix"),
    path("roles/matrix.csv", views.matrix_file, name="roles-matrix-file"),
    path("<uuid:pk>/", views.person, name="person"),
    path("<uuid:pk>/roles/", views.change_roles, name="person-roles"),
    path("<uuid:pk>/deactivate/", views.deactivate, name="person-deactivate"),
    path("<uuid:pk>/reactivate/", views.reactivate, name="person-reactivate"),
    path("<uuid:pk>/invite-again/", views.invite_again, name="person-invite-again"),
    path("<uuid:pk>/take-back-invitation/", views.take_back_invitation, name="person-take-back-invitation"),
]

# Under people as well, of a tenant only: the roles of Complere's staff are those of the release.
tenant = [
    path("roles/add/", views.add_role, name="role-add"),
    path("roles/<slug:role_key>/", views.change_role, name="role-change"),
    path("roles/<slug:role_key>/retire/", views.retire_role, name="role-retire"),
]
