"""The console's desk for the register, under /console/sub-processors/."""

from django.urls import path

from trust_center.subprocessor_register import views

urlpatterns = [
    path("", views.register, name="subprocessors-desk"),
    path("new/", views.add, name="new-subprocessor"),
    path("<str:code>/", views.entry, name="subprocessor"),
    path("<str:code>/edit/", views.edit, name="edit-subprocessor"),
    path("<str:code>/publish/", views.publish, name="publish-subprocessor"),
    path("<str:code>/discard/", views.discard, name="discard-subprocessor"),
    path("<str:code>/withdraw/", views.withdraw, name="withdraw-subprocessor"),
    path("<str:code>/retire/", views.retire, name="retire-subprocessor"),
]
