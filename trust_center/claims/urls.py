"""The console's desk for what the public pages say, under /console/content/."""

from django.urls import path

from trust_center.claims import views

urlpatterns = [
    path("", views.statements, name="claims"),
    path("publish/", views.publish_all, name="publish-content"),
    path("security-txt/", views.security_contact, name="security-contact"),
    path("entries/<str:code>/", views.statement, name="claim"),
    path("entries/<str:code>/edit/", views.edit, name="edit-claim"),
    path("entries/<str:code>/publish/", views.publish, name="publish-claim"),
    path("entries/<str:code>/discard/", views.discard, name="discard-claim"),
    path("entries/<str:code>/retire/", views.retire, name="retire-claim"),
]
