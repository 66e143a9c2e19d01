from django.urls import path

from tenants.members.scim import views

# Without a slash at the end: that is how clients write them (RFC 7644, 3.2).
urlpatterns = [
    path("ServiceProviderConfig", views.config, name="scim-config"),
    path("ResourceTypes", views.resource_types, name="scim-types"),
    path("ResourceTypes/<str:name>", views.resource_type, name="scim-type"),
    path("Schemas", views.schemas, name="scim-schemas"),
    path("Schemas/<str:name>", views.schema, name="scim-schema"),
    path("Users", views.users, name="scim-users"),
    path("Users/<str:pk>", views.user, name="scim-user"),
    path("Groups", views.groups, name="scim-groups"),
    path("Groups/<str:pk>", views.group, name="scim-group"),
]

# The desk of the directory; `urlpatterns` is the protocol itself.
desk = [
    path("", views.directory, name="directory"),
    path("groups/<uuid:pk>/role/", views.group_role, name="directory-role"),
]
