from django.urls import path

from audit.access_log import views

urlpatterns = [
    path("", views.access_log, name="access-log"),
]
